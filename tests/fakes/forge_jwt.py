#!/usr/bin/env python3
"""Access tokens as an attacker would make them:  forge_jwt.py MASTER_KEYS TOKEN [OTHER_TOKEN]

TOKEN is a good one.  MASTER_KEYS is the service's own file: most forgeries are signed as they should
be, so that they fail by the one thing that is wrong with them.  Prints "<name> <token>" a line, the
first of them, "control", made in the same way and good.  OTHER_TOKEN, of another tenant, lends its
claims.  What HTTP cannot carry (NUL, line feed) is for the unit test.
"""
import base64
import hashlib
import hmac
import json
import sys
import time


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def derive(master, purpose):
    """crypto_kdf_derive_from_key of libsodium."""
    return hashlib.blake2b(b"", key=master, digest_size=32, salt=purpose.to_bytes(8, "little") + bytes(8),
                           person=b"portolan" + bytes(8)).digest()


def main():
    lines = [line.split() for line in open(sys.argv[1], encoding="ascii")]
    number, master = max((int(line[0]), unb64(line[1])) for line in lines)
    key = derive(master, 4)
    good = sys.argv[2]
    h, c, s = good.split(".")
    header, claims = json.loads(unb64(h)), json.loads(unb64(c))
    now = int(time.time())

    def sign(head, body, key=key, digest=hashlib.sha256):
        head = head if isinstance(head, bytes) else json.dumps(head).encode()
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        text = b64(head) + "." + b64(body)
        return text + "." + b64(hmac.new(key, text.encode(), digest).digest())

    def head(**change):
        return sign({k: v for k, v in {**header, **change}.items() if v is not None}, claims)

    def body(**change):
        return sign(header, {k: v for k, v in {**claims, **change}.items() if v is not None})

    def text(name, token):
        print(name, token)

    text("control", sign(header, claims))
    for alg in "none", "None", "NONE", "nOnE", "HS384", "HS512", "RS256", "ES256", "EdDSA", "hs256", "":
        text("alg-" + alg, head(alg=alg))
    text("alg-none-unsigned", b64(json.dumps({**header, "alg": "none"}).encode()) + "." + c + ".")
    text("alg-HS512-signed", sign({**header, "alg": "HS512"}, claims, digest=hashlib.sha512))
    text("alg-absent", head(alg=None))
    text("alg-twice", sign(b'{"alg":"none","alg":"HS256","typ":"at+jwt","kid":"%d"}' % number, claims))
    for kid in ("0", "-1", "01", str(number + 1), "65537", "4294967297", "99999999999999999999", "", " 1",
                "../../dev/null", "/dev/null", "1;SELECT 1", "1' OR '1'='1", number, 1.0, None, ["1"], {"a": 1}):
        text("kid-%s" % json.dumps(kid).replace(" ", "_"), head(kid=kid))
    for typ in "JWT", "at+JWT", "", None:
        text("typ-%s" % typ, head(typ=typ))
    text("jwk", head(jwk={"kty": "oct", "k": b64(key)}))
    text("jku", head(jku="http://127.0.0.1/keys"))
    text("x5u", head(x5u="http://127.0.0.1/keys"))
    text("x5c", head(x5c=["AA"]))
    text("crit", head(crit=["exp"]))
    text("b64", head(b64=False))
    text("zip", head(zip="DEF"))
    for name, bad in ("zero", bytes(32)), ("master", master), ("api-key", derive(master, 1)), ("empty", b""):
        text("signed-by-" + name, sign(header, claims, key=bad))
    text("signature-empty", h + "." + c + ".")
    text("signature-cut", good[:-1])
    text("signature-half", good[:-20])
    text("signature-long", good + "A")
    text("signature-bit", h + "." + c + "." + ("B" if s[0] == "A" else "A") + s[1:])
    text("signature-spelling", good[:-1] + chr(ord(good[-1]) + 1))
    text("signature-padded", good + "=")
    text("signature-hex", h + "." + c + "." + unb64(s).hex())
    text("swapped", c + "." + h + "." + s)
    text("two-parts", h + "." + c)
    text("four-parts", good + "." + s)
    text("five-parts-jwe", ".".join([h, c, s, s, s]))
    text("header-empty", "." + c + "." + s)
    text("claims-empty", h + ".." + s)
    text("claims-of-another-signature", body(tid=claims["tid"] + 1).rsplit(".", 1)[0] + "." + s)
    text("padding-in-the-middle", h + "=." + c + "." + s)
    text("oversize", sign(header, {**claims, "jti": "a" * 3000}))
    text("claim-more", body(role="owner"))
    text("claim-twice", sign(header, json.dumps(claims).encode()[:-1] + b', "tid": 1}'))
    text("claims-list", sign(header, [claims]))
    text("claims-not-json", sign(header, b"tid=1"))
    for name, change in {
            "iss-other": {"iss": "https://evil.example"}, "iss-list": {"iss": [claims["iss"]]}, "iss-absent": {"iss": None},
            "aud-other": {"aud": "other"}, "aud-list": {"aud": [claims["aud"]]}, "aud-absent": {"aud": None},
            "exp-past": {"iat": now - 700, "nbf": now - 700, "exp": now - 100}, "exp-absent": {"exp": None},
            "exp-far": {"exp": claims["iat"] + 601}, "exp-float": {"exp": float(claims["exp"])},
            "exp-text": {"exp": str(claims["exp"])}, "exp-huge": {"exp": 2 ** 63}, "exp-negative": {"exp": -1},
            "nbf-future": {"nbf": now + 120}, "nbf-absent": {"nbf": None},
            "iat-future": {"iat": now + 120, "exp": now + 500}, "iat-absent": {"iat": None},
            "sub-other-key": {"sub": "key:1000000"}, "sub-user": {"sub": "user:1"}, "sub-bare": {"sub": "1"},
            "sub-zero": {"sub": "key:01"}, "sub-absent": {"sub": None},
            "tid-other": {"tid": claims["tid"] + 1}, "tid-text": {"tid": str(claims["tid"])},
            "tid-float": {"tid": float(claims["tid"])}, "tid-null-text": {"tid": ""}, "tid-zero": {"tid": 0},
            "fam-other": {"fam": claims["fam"] + 1000}, "fam-absent": {"fam": None}, "jti-absent": {"jti": None}}.items():
        text(name, body(**change))
    if len(sys.argv) > 3:
        other = json.loads(unb64(sys.argv[3].split(".")[1]))
        for claim in "tid", "sub", "fam":
            text(claim + "-of-another-tenant", body(**{claim: other[claim]}))
        text("tenant-alone-is-ours", sign(header, {**other, "tid": claims["tid"]}))
    text("not-a-token", "eyJhbGciOiJIUzI1NiJ9")
    text("json", '{"alg":"HS256"}')


main()
