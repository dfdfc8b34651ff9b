"""Django's settings for every process; `ANLAN_ROLE` says which of them this is.

Secrets come from the county's folder, never from this file. `anlan.faces` is the only place that
knows all rooms, so the list of them stands here.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from anlan.ground.machine import site

SITE = site()
ROLE = os.environ.get("ANLAN_ROLE", "console")
TESTING = os.environ.get("ANLAN_TEST") == "1"
PUBLIC = ROLE == "public"
PACKAGE = Path(__file__).resolve().parents[1]

os.environ.setdefault("ANLAN_KEYS", str(SITE.keys))
os.environ.setdefault("ANLAN_FILES", str(SITE.files))

DEBUG = os.environ.get("ANLAN_DEBUG") == "1"
if DEBUG and SITE.facts and not SITE.demo:
    raise ImproperlyConfigured("a county that is no demonstration never runs with DEBUG")


def _secret_key() -> str:
    """Derived from the county's first key: never written down twice, the same after a rotation."""
    from anlan.ground.secrets import load, make_keys

    if not TESTING and not SITE.keys.exists():
        return "no county yet: commands that need one say so"
    folder = Path(os.environ["ANLAN_KEYS"])
    make_keys(folder)
    return hashlib.sha256(b"django" + load(folder).first()).hexdigest()


SECRET_KEY = _secret_key()
# Its own TLS (`anlan https …`), or the site's proxy in front of it (`ANLAN_HOSTS`).
OWN_TLS = bool(SITE.https_host)
HOST_NAMES = [name for name in os.environ.get("ANLAN_HOSTS", "").split(",") if name]
HOST_NAMES += [SITE.https_host] if OWN_TLS else []
ALLOWED_HOSTS = ["localhost", "127.0.0.1", *HOST_NAMES, *(["testserver"] if TESTING else [])]

ROOMS = [
    "anlan.ground",
    "anlan.ground.policy",
    "anlan.county",
    "anlan.engines.ledger",
    "anlan.engines.callout",
    "anlan.engines.cases",
    "anlan.engines.indicators",
    "anlan.rooms.duty",
    "anlan.rooms.warning",
    "anlan.rooms.command",
    "anlan.rooms.evacuation",
    "anlan.rooms.review",
    "anlan.rooms.workplan",
    "anlan.rooms.oversight",
    "anlan.faces.link",
    "anlan.faces.console",
    "anlan.faces.portal",
]
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    *ROOMS,
]
IDENTITY_APPS = [
    "django.contrib.sessions",
    "django.contrib.messages",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    # The one process that people sign in at: elsewhere its HTTP client would only take memory.
    *(["allauth.socialaccount.providers.openid_connect"] if ROLE == "console" else []),
]
if not PUBLIC:
    INSTALLED_APPS += IDENTITY_APPS
MIDDLEWARE = [
    "anlan.faces.http.counting.Counted",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "anlan.faces.http.middleware.Headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "anlan.county.signin.ScopeMiddleware",
    "anlan.ground.repeats.Repeats",
]
PUBLIC_MIDDLEWARE = [
    "anlan.faces.http.counting.Counted",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "anlan.faces.http.middleware.Headers",
    "anlan.faces.http.middleware.PublicLimit",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "anlan.ground.repeats.Repeats",
]
if PUBLIC:
    MIDDLEWARE = PUBLIC_MIDDLEWARE

ROOT_URLCONF = "anlan.faces.portal.urls" if PUBLIC else "anlan.faces.http.urls"
WSGI_APPLICATION = "anlan.faces.http.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["anlan.ground.templatetags.repeats"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
            if not PUBLIC
            else ["django.template.context_processors.request"],
        },
    }
]


def _database() -> dict[str, object]:
    """The connection of this role; empty before the county is made and in tests."""
    settings: dict[str, object] = {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            "options": "-c plan_cache_mode=force_custom_plan -c timezone=UTC",
            "application_name": f"anlan-{ROLE}",
        },
    }
    if TESTING or not (SITE.home / "county.json").exists():
        return settings
    parts = psycopg.conninfo.conninfo_to_dict(SITE.dsn(ROLE))
    return settings | {
        "NAME": parts["dbname"],
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": str(parts.get("port", "")),
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "county.Account"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
# GB/T 22239-2019 level 3 and OWASP ASVS 5.0 contradict each other; `county/passwords.py` has both.
PASSWORD_RULES = os.environ.get("ANLAN_PASSWORD_RULES", "mlps3")
if PASSWORD_RULES not in ("mlps3", "asvs"):
    raise ImproperlyConfigured(f"ANLAN_PASSWORD_RULES: mlps3 or asvs, not {PASSWORD_RULES!r}")
LOGIN_URL = "account_login"
LOGIN_PATH = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "anlan.county.signin.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = False  # counted in the database, by `county/doors.py`
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
MFA_ADAPTER = "anlan.county.signin.FactorAdapter"
MFA_FORMS = {
    "authenticate": "anlan.county.signin.SecondFactorForm",
    "activate_totp": "anlan.county.signin.BindForm",
    "authenticate_webauthn": "anlan.county.signin.PasskeyForm",
    "add_webauthn": "anlan.county.signin.NewPasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_RECOVERY_CODE_DIGITS = 12
SOCIALACCOUNT_ADAPTER = "anlan.county.oidc.Adapter"
SESSION_SERIALIZER = "anlan.county.signin.SealedSerializer"
SESSION_COOKIE_AGE = 24 * 3600  # the row in county_sitting decides; this only bounds it
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
HTTPS = bool(HOST_NAMES)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
# W021: whether the county's whole domain is preloaded is not for one program to promise. W003: the
# public pages have no cookie; what their forms may do stands in the signed link itself.
SILENCED_SYSTEM_CHECKS = ["security.W021", *(["security.W003"] if PUBLIC else [])]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS and not OWN_TLS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 21 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 21 * 1024 * 1024

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("中文")), ("en", _("英语"))]
LOCALE_PATHS = [PACKAGE / "faces" / "console" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATIC_ROOT = SITE.home / "static"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "anlan.ground.logs.chosen",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING" if TESTING else "INFO"},
    "loggers": {"smpp": {"level": "WARNING"}},
}
