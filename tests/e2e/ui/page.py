"""The web pages, as a person has them in a browser; results in TAP.

    from page import Pages
    pages = Pages()                             # signed in as the owner that set-up made
    with pages.check("a project is added"):
        pages.open("/projects")
        pages.click("button", "Add a project")
        pages.type("input[name=repository_url]", repo)
        pages.see("main", "ready", within=30)
    pages.sound("projects")                     # axe-core in light and dark, no CSP report, a picture of each
    pages.end()

The environment has PORTOLAN_URL and PORTOLAN_API_KEY, and VAR, ROOT and VARIANT as tests/e2e/lib.sh sets
them.  Nothing sleeps for a fixed time: see() and until() look again until it is so.
"""

import contextlib
import json
import os
import sys
import time
import traceback
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import webdriver  # noqa: E402

ROOT = os.environ["ROOT"]
URL = os.environ["PORTOLAN_URL"]
SHOTS = os.path.join(ROOT, "build", os.environ.get("VARIANT", "release"), "e2e", "ui")
AXE = os.path.join(ROOT, "build", "npm", "node_modules", "axe-core", "axe.min.js")
WIDTHS = {"desktop": (1280, 800), "phone": (390, 844)}
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Tab": "\ue004", "Down": "\ue015", "Up": "\ue013", "Left": "\ue012",
        "Right": "\ue014", "Space": " ", "Backspace": "\ue003", "Control": "\ue009", "Shift": "\ue008"}

# The first element that matches a selector, is seen, and has a text in it (its own, its label, its value).
FIND = """
const [selector, text, exact] = arguments;
const said = e => (e.innerText || e.getAttribute('aria-label') || e.value || '').replace(/\\s+/g, ' ').trim();
const seen = e => e.checkVisibility ? e.checkVisibility({ visibilityProperty: true }) : true;
const all = [...document.querySelectorAll(selector)].filter(seen);
return all.find(e => !text || (exact ? said(e) === text : said(e).includes(text)
    || (e.getAttribute('aria-label') || '').includes(text))) || null;
"""


class Failed(AssertionError):
    pass


class Pages:
    def __init__(self, sign_in=True):
        self.driver = webdriver.Driver()
        self.count = 0
        self.failed = 0
        self.logged = []
        self.size("desktop")
        if sign_in:
            self.sign_in(*owner())

    # --- What a person does ---

    def open(self, path):
        self.driver.call("POST", "/url", {"url": URL + path})

    def size(self, name):
        width, height = WIDTHS.get(name, name)
        self.driver.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)

    def scheme(self, name):
        """light or dark, as the system has it"""
        features = [{"name": "prefers-color-scheme", "value": name}, {"name": "prefers-reduced-motion", "value": "reduce"}]
        self.driver.devtools("Emulation.setEmulatedMedia", features=features)

    def sign_in(self, email, password):
        self.open("/sign-in")
        self.type("input[name=email]", email)
        self.type("input[name=password]", password)
        self.press("Enter")
        self.see(".bar", "Portolan")

    def click(self, selector, text="", exact=False, within=10):
        """The first element that matches and says so; scrolled into view and clicked as by a mouse."""

        def act():
            element = self.find(selector, text, exact)
            self.driver.call("POST", "/element/%s/click" % key_of(element), {})
            return True

        self.until(act, f"{selector} “{text}” to click", within)

    def type(self, selector, text, clear=True, within=10):
        def act():
            element = key_of(self.find(selector))
            if clear:
                self.driver.call("POST", "/element/%s/clear" % element, {})
            self.driver.call("POST", "/element/%s/value" % element, {"text": text})
            return True

        self.until(act, f"{selector} to type into", within)

    def press(self, *keys):
        """Keys one after the other to what has the focus; "Control+k" holds the first down."""
        for key in keys:
            parts = [KEYS.get(k, k) for k in (key.split("+") if len(key) > 1 else [key])]
            down = [{"type": "keyDown", "value": k} for k in parts]
            up = [{"type": "keyUp", "value": k} for k in reversed(parts)]
            self.driver.call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": down + up}]})

    def choose(self, selector, value):
        """A value of a <select>, by value or by what is read"""

        def act():
            return self.driver.script(
                "const s = document.querySelector(arguments[0]); if (!s) return false;"
                "const o = [...s.options].find(o => o.value === arguments[1] || o.text === arguments[1]); if (!o) return false;"
                "s.value = o.value; s.dispatchEvent(new Event('input', { bubbles: true }));"
                "s.dispatchEvent(new Event('change', { bubbles: true })); return true;",
                selector,
                value,
            )

        self.until(act, f"{selector} to choose {value} of")

    # --- What a person sees ---

    def find(self, selector, text="", exact=False):
        found = self.driver.script(FIND, selector, text, exact)
        if not found:
            raise Failed(f"no {selector} “{text}”")
        return found

    def text(self, selector="main"):
        return self.driver.script("const e = document.querySelector(arguments[0]); return e ? e.innerText : '';", selector)

    def see(self, selector, text="", within=10, exact=False):
        self.until(lambda: self.find(selector, text, exact), f"{selector} “{text}”", within)

    def see_no(self, selector, text="", within=10):
        self.until(lambda: not self.driver.script(FIND, selector, text, False), f"no {selector} “{text}”", within)

    def until(self, truth, what, within=10):
        end = time.monotonic() + within
        while True:
            try:
                value = truth()
                if value:
                    return value
                reason = ""
            except (Failed, RuntimeError, OSError) as error:
                reason = str(error)
            if time.monotonic() > end:
                raise Failed(f"want {what}; {reason}\nat {self.where()}:\n{self.text('body')[:1500]}")
            time.sleep(0.05)

    def where(self):
        return self.driver.script("return location.pathname + location.search")

    def js(self, expression, *args):
        return self.driver.evaluate(expression, *args)

    # --- What is judged ---

    @contextlib.contextmanager
    def check(self, title):
        self.count += 1
        try:
            yield
            print(f"ok {self.count} - {title}", flush=True)
        except (AssertionError, RuntimeError, OSError, KeyError, TypeError) as error:
            self.failed += 1
            print(f"not ok {self.count} - {title}", flush=True)
            said = str(error) if isinstance(error, Failed) else traceback.format_exc()
            print("\n".join("#   " + line for line in said.splitlines()), flush=True)
            self.shot(f"failed-{self.count}")

    def shot(self, name):
        os.makedirs(SHOTS, exist_ok=True)
        with open(os.path.join(SHOTS, name + ".png"), "wb") as file:
            file.write(self.driver.shot())

    def reports(self):
        """What the browser has logged of policies broken, scripts failed; not the answers that a story asks for."""
        self.logged += self.driver.call("POST", "/se/log", {"type": "browser"})
        return [e["message"] for e in self.logged if "Content Security Policy" in e["message"] or "Trusted" in e["message"]
                or e["source"] == "javascript"]

    def axe(self):
        with open(AXE, encoding="utf-8") as file:
            self.driver.script("if (!window.axe) { " + file.read() + "\nwindow.axe = axe; }")
        found = self.js("axe.run(document, { resultTypes: ['violations'] }).then(r => r.violations.map(v =>"
                        " v.id + ': ' + v.help + ' ' + v.nodes.slice(0, 4).map(n => n.target.join(' ') + ' ' +"
                        " n.any.map(a => a.message).join(' ')).join(' | ')))")
        return found

    def fits(self):
        """Nothing is wider than the window."""
        return self.js("document.documentElement.scrollWidth <= innerWidth + 1")

    def sound(self, name, widths=("desktop", "phone")):
        """The screen as it is now: no violation, no report, not wider than the window, in every form; pictures are kept."""
        for width in widths:
            self.size(width)
            for scheme in ("light", "dark"):
                self.scheme(scheme)
                self.js("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r(true))))")  # painted
                with self.check(f"{name}, {width}, {scheme}: accessible, and fits"):
                    self.until(lambda: not self.driver.script("return document.querySelector('.bone')"), "no skeleton")
                    self.shot(f"{name}-{width}-{scheme}")
                    violations = self.axe()
                    assert not violations, "\n".join(violations)
                    assert self.fits(), "the page is wider than the window"
        self.size("desktop")
        self.scheme("light")

    def end(self):
        with self.check("no policy was broken, and no script failed"):
            assert not self.reports(), "\n".join(self.reports())
        self.driver.end()
        print(f"1..{self.count}")
        sys.exit(1 if self.failed else 0)


def key_of(element):
    return next(iter(element.values()))


def owner():
    with open(os.path.join(os.environ["VAR"], "owner.txt"), encoding="utf-8") as file:
        facts = dict(line.split(None, 1) for line in file if len(line.split(None, 1)) == 2)
    return facts["E-mail"].strip(), facts["Password"].strip()


def api(method, path, body=None, headers=None):
    """A request with the key that set-up made: (status, JSON)."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + "/api/v1" + path, method=method, data=data, headers=headers or {})
    request.add_header("Authorization", "Bearer " + os.environ["PORTOLAN_API_KEY"])
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")
