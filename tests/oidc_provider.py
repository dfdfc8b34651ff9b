"""A small OpenID Connect provider: a program of its own, with keys made when it starts.

    python tests/oidc_provider.py CERTIFICATE KEY CLIENT SECRET

It speaks HTTPS on a port of its own, prints it, and signs in whoever comes. What it says is set by
`POST /told` with JSON: sub, amr, acr, and how it cheats. Written from OpenID Connect Core 1.0 and
RFC 7636, with nothing of ours.
"""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import sys
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KEYS = {name: rsa.generate_private_key(public_exponent=65537, key_size=2048)
        for name in ("own", "stranger")}  # fmt: skip
TOLD: dict[str, Any] = {"sub": "u-1"}
CODES: dict[str, dict[str, str]] = {}
SEEN: list[str] = []
PLACE, CLIENT, SECRET = [""], "", ""


def token(code: dict[str, str]) -> str:
    now = int(time.time())
    claims = {"iss": PLACE[0], "aud": CLIENT, "sub": TOLD["sub"], "iat": now, "exp": now + 300,
              "nonce": code["nonce"], "jti": uuid.uuid4().hex, "name": "王某某",
              "email": "wang@example.gov.cn", "phone_number": "13900000000"}  # fmt: skip
    claims |= {name: TOLD[name] for name in ("amr", "acr") if name in TOLD}
    claims |= TOLD.get("claims", {})
    if TOLD.get("algorithm") == "none":
        return jwt.encode(claims, None, algorithm="none", headers={"kid": "k1"})
    key = KEYS[TOLD.get("key", "own")]
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": "k1"})


class Provider(BaseHTTPRequestHandler):
    def log_message(self, *_words: object) -> None:
        pass

    def _say(self, what: object, status: int = 200, **headers: str) -> None:
        body = json.dumps(what).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        SEEN.append(parts.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/.well-known/openid-configuration":
            own = PLACE[0]
            self._say({"issuer": own, "authorization_endpoint": own + "/authorize",
                       "token_endpoint": TOLD.get("token_endpoint", own + "/token"),
                       "userinfo_endpoint": own + "/userinfo", "jwks_uri": own + "/keys",
                       "token_endpoint_auth_methods_supported": ["client_secret_post"]})  # fmt: skip
        elif parts.path == "/keys":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEYS["own"].public_key()))
            self._say({"keys": [public | {"kid": "k1", "alg": "RS256", "use": "sig"}]})
        elif parts.path == "/authorize":
            self._authorize(asked)
        else:
            self._say(SEEN if parts.path == "/seen" else {}, 200 if parts.path == "/seen" else 404)

    def _authorize(self, asked: dict[str, str]) -> None:
        if (asked["client_id"], asked["response_type"]) != (CLIENT, "code"):
            return self._say({"error": "invalid_request"}, 400)
        back = {"state": asked["state"]}
        if TOLD.get("deny"):
            back["error"] = "access_denied"
        else:
            back["code"] = uuid.uuid4().hex
            CODES[back["code"]] = asked
        return self._say({}, 302, Location=asked["redirect_uri"] + "?" + urlencode(back))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/told":
            TOLD.clear()
            TOLD.update(json.loads(body))
            return self._say({})
        given = {name: values[0] for name, values in parse_qs(body).items()}
        code = CODES.pop(given.get("code", ""), None)
        if code is None or (given["client_id"], given["client_secret"]) != (CLIENT, SECRET):
            return self._say({"error": "invalid_grant"}, 400)
        proof = hashlib.sha256(given["code_verifier"].encode()).digest()
        kept = base64.urlsafe_b64encode(proof).decode().rstrip("=")
        if kept != code["code_challenge"] or given["redirect_uri"] != code["redirect_uri"]:
            return self._say({"error": "invalid_grant"}, 400)
        said = {"access_token": uuid.uuid4().hex, "token_type": "Bearer", "expires_in": 300}
        if not TOLD.get("no_id_token"):
            said["id_token"] = token(code)
        return self._say(said)


if __name__ == "__main__":
    certificate, key, CLIENT, SECRET = sys.argv[1:]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    PLACE[0] = f"https://sso.example:{server.server_address[1]}"
    print(PLACE[0], flush=True)
    server.serve_forever()
