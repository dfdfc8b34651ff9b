"""The WSGI program of the console (and, under ANLAN_ROLE=public, of the public pages)."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.faces.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
