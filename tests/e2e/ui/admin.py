"""An owner runs the service: people, keys, secrets, audit, settings; a member comes by a link and minds their account."""

import glob
import json
import os
import tempfile
import urllib.error
import urllib.request

from page import Pages, URL, api, owner

BOB = "bob@example.org"
FIRST, SECOND, THIRD = "bob and his bicycle", "bob and his new bicycle", "bob without a bicycle"
FILES = tempfile.mkdtemp()


def status_of(path, **headers):
    request = urllib.request.Request(URL + "/api/v1" + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def shown_once():
    """What a window shows this once; then the window is closed."""
    pages.see("dialog .once code")
    text = pages.text("dialog .once code")
    pages.click("dialog button", "Done")
    pages.see_no("dialog[open]")
    return text


def in_row(name, button):
    """Click a button of the row in which `name` stands."""

    def act():
        return pages.driver.script(
            "const row = [...document.querySelectorAll('tbody tr')].find(r => r.innerText.includes(arguments[0]));"
            "const b = row && [...row.querySelectorAll('button')].find(b => b.innerText === arguments[1] && !b.disabled);"
            "if (!b) return false; b.click(); return true;", name, button)

    pages.until(act, f"{button} of {name}")


def section(name, title):
    pages.click(".sections nav a", name, exact=True)
    pages.see("h2", title or name)


def exported(name):
    def file():
        found = glob.glob(os.path.join(FILES, name))
        return found and os.path.getsize(found[0]) and found[0]

    with open(pages.until(file, f"the file {name}"), encoding="utf-8", newline="") as text:
        return text.read()


pages = Pages()
pages.driver.devtools("Browser.setDownloadBehavior", behavior="allow", downloadPath=FILES)

with pages.check("an owner invites a member: the link is shown this once"):
    pages.click(".nav a", "Admin")
    pages.see("h2", "Members")
    pages.click("button", "Invite somebody")
    pages.type("dialog input[name=email]", BOB)
    pages.choose("dialog select[name=role]", "member")
    pages.click("dialog button", "Make the invitation")
    link = shown_once()
    assert link.startswith(URL + "/welcome#invitation="), link
    pages.see("tbody tr", "invited")
    pages.see_no("body", link)
with pages.check("who is a member already is not invited again: said in the window, which stays"):
    pages.click("button", "Invite somebody")
    pages.type("dialog input[name=email]", "owner@localhost")
    pages.click("dialog button", "Make the invitation")
    pages.see("dialog [role=alert]")
    pages.press("Escape")
with pages.check("the last owner cannot go"):
    in_row("owner@localhost", "Leave")
    pages.click("dialog button", "Leave")
    pages.see(".toast.bad", "owner")
    pages.see("tbody tr", "owner@localhost")
pages.sound("admin-members")

with pages.check("a key that may read projects alone is asked for"):
    section("API keys", "API keys")
    pages.click("button", "New key")
    pages.type("dialog input[name=name]", "build machine")
    pages.click("dialog input[name=narrow]")
    pages.click("dialog input[name='projects:read']")
pages.sound("admin-key", widths=("phone",))
with pages.check("its text is shown this once, and does what its scopes say"):
    pages.click("dialog button", "Create key")
    key = shown_once()
    assert status_of("/projects", Authorization="Bearer " + key) == 200
    assert status_of("/jobs", Authorization="Bearer " + key) == 403
with pages.check("replaced: both work; revoked: refused"):
    in_row("build machine", "Replace")
    pages.click("dialog button", "Make the new key")
    newer = shown_once()
    assert status_of("/projects", Authorization="Bearer " + newer) == 200
    assert status_of("/projects", Authorization="Bearer " + key) == 200
    pages.see("tbody tr", "replaced")
    in_row("replaced", "Revoke")
    pages.click("dialog button", "Revoke", exact=True)
    pages.see_no("tbody tr", "replaced")
    assert status_of("/projects", Authorization="Bearer " + key) == 401
    pages.click("button", "Revoked")
    pages.until(lambda: pages.where() == "/admin/keys?status=revoked", "the filter in the address")
    pages.see("tbody tr", "build machine")

with pages.check("a secret is stored, is nowhere shown, and says where it is used"):
    section("Secrets", "Secrets")
    pages.click("button", "New secret")
    pages.type("dialog input[name=name]", "forge")
    pages.type("dialog input[name=origin]", "https://git.test")
    pages.type("dialog input[name=username]", "ci")
    pages.type("dialog input[name=value]", "a token that nobody sees")
    pages.click("dialog button", "Store secret")
    pages.see("tbody tr", "forge")
    assert "nobody sees" not in pages.text("body")
    secret = api("GET", "/secrets")[1]["items"][0]["id"]
    code, made = api("POST", "/projects", {"name": "Atlas", "repository_url": "https://git.test/atlas.git", "secret_id": secret})
    assert code == 201, made
    in_row("forge", "Show")
    pages.see("tbody a", "Atlas")
    in_row("forge", "Delete")
    pages.click("dialog button", "Delete", exact=True)
    pages.see(".toast.bad", "Atlas")
with pages.check("a refusal stands at its field"):
    pages.click("button", "New secret")
    pages.type("dialog input[name=name]", "odd")
    pages.type("dialog input[name=origin]", "no origin")
    pages.type("dialog input[name=username]", "ci")
    pages.type("dialog input[name=value]", "a token")
    pages.click("dialog button", "Store secret")
    pages.see("dialog .field .wrong")
    pages.until(lambda: pages.js("document.activeElement.name") == "origin", "the focus at the field")
    pages.press("Escape")

with pages.check("a schedule is made, changed under somebody's hands, paused"):
    section("Schedules", "Schedules")
    pages.click("button", "New schedule")
    pages.type("dialog input[name=name]", "Nightly")
    pages.choose("dialog select[name=project_id]", "Atlas")
    pages.click("dialog button", "Create schedule")
    in_row("Nightly", "Change")
    pages.type("dialog input[name=name]", "Every night")
    schedule = api("GET", "/schedules")[1]["items"][0]
    request = urllib.request.Request(f"{URL}/api/v1/schedules/{schedule['id']}", method="PATCH", data=b'{"cron": "@weekly"}')
    for name, value in (("Authorization", "Bearer " + os.environ["PORTOLAN_API_KEY"]), ("Content-Type", "application/json"),
                        ("If-Match", f'"{schedule["version"]}"')):
        request.add_header(name, value)
    urllib.request.urlopen(request, timeout=30).close()
    pages.see("tbody tr", "@weekly")
    assert pages.js("document.querySelector('dialog input[name=name]').value") == "Every night", "what is typed was lost"
    pages.click("dialog button", "Save")
    pages.until(lambda: pages.js("document.querySelector('dialog input[name=cron]').value") == "@weekly", "what is stored now")
    pages.see("dialog [role=alert]")
    pages.type("dialog input[name=name]", "Every night")
    pages.click("dialog button", "Save")
    pages.see_no("dialog[open]")
    pages.see("tbody tr", "Every night")
    in_row("Every night", "Pause")
    pages.see("tbody .badge", "paused")
    in_row("Every night", "Resume")
    pages.see("tbody .badge", "active")
with pages.check("a schedule is deleted after a question"):
    in_row("Every night", "Delete")
    pages.click("dialog button", "Delete", exact=True)
    pages.see("main", "No schedules yet")

with pages.check("a provider, a model with a price, and a budget"):
    section("Providers", "Providers")
    pages.click("button", "New provider")
    pages.type("dialog input[name=name]", "house")
    pages.click("dialog button", "Add provider")
    pages.see("tbody tr", "house")
    section("Models", "Models")
    pages.click("button", "New model")
    pages.type("dialog input[name=name]", "small")
    pages.type("dialog input[name=remote_name]", "gpt-small")
    pages.click("dialog summary")
    pages.type("dialog input[name=price_output]", "1.5")
    pages.click("dialog button", "Add model")
    pages.see("tbody tr", "0.00 / 1.50")
    assert api("GET", "/ai/models/small")[1]["price_output"] == 1500000
    section("Budgets", "Budgets")
    pages.click("button", "New budget")
    pages.type("dialog input[name=limit_micro]", "25")
    pages.click("dialog button", "Set budget")
    pages.see("tbody tr", "0.00 of 25.00")
    section("Spending", "Spending")
    pages.see("h2", "Nothing was spent")

with pages.check("health, usage, and settings with their origin"):
    section("Health", "Health")
    pages.see(".badge", "All is well", within=30)
    section("Usage and limits", "Usage and limits")
    pages.see(".card", "0.1 % of 1,000")
    pages.see_no("button", "Change limits")
    pages.see(".about", "Who runs the installation")
    section("Settings", "Settings")
    pages.type("main input[type=search]", "search_maps")
    pages.until(lambda: pages.where() == "/admin/settings?q=search_maps", "the search in the address")
    pages.until(lambda: len(pages.js("[...document.querySelectorAll('tbody tr')].map(r => r.innerText)")) == 1, "one setting")
    pages.see("tbody tr", "portolan.conf:")
pages.sound("admin-settings", widths=("phone",))
with pages.check("the tenant gets another name"):
    section("Tenants", "Tenants")
    in_row("default", "Change")
    pages.type("dialog input[name=name]", "Harbour")
    pages.click("dialog button", "Save")
    pages.see(".account", "Harbour")

with pages.check("the audit log has it all, filtered in the address; a change shows before and after"):
    section("Audit log", "Audit log")
    pages.type("main .pick input", "key:1")
    pages.until(lambda: pages.where() == "/admin/audit?actor=key%3A1", "the filter in the address")
    pages.see_no("tbody tr", "owner@localhost")
    pages.open("/admin/audit?action=schedule.changed")
    pages.see("tbody tr", "schedule.changed")
    pages.driver.script("[...document.querySelectorAll('tbody a')].at(-1).click()")
    pages.see("dialog tr.differs", "@weekly")
    pages.press("Escape")
    pages.open("/admin/audit?action=api_key")
    pages.see("tbody tr", "api_key.revoked")
with pages.check("what the filter shows is exported, as CSV and as JSON"):
    pages.click("button", "Export CSV")
    rows = exported("audit.csv").split("\r\n")
    assert rows[0].startswith("position,at,actor,action"), rows[0]
    assert all("api_key." in row for row in rows[1:]) and any("api_key.revoked" in row for row in rows[1:]), rows
    pages.click("button", "Export JSON")
    entries = json.loads(exported("audit.json"))
    assert len(entries) == len(rows) - 1 and {"api_key.created", "api_key.rotated", "api_key.revoked"} <= {e["action"] for e in entries}
    assert key not in json.dumps(entries)
pages.sound("admin-audit", widths=("desktop",))

with pages.check("the link is opened by who is signed out"):
    pages.click("button", "Account")
    pages.click("[role=menuitem]", "Sign out")
    pages.see("h1", "Sign in")
    pages.driver.call("POST", "/url", {"url": link})
    pages.see("h1", "Welcome")
    assert pages.js("location.hash") == "", "the token stays in the address"
pages.sound("welcome", widths=("phone",))
with pages.check("a password that is too short is refused at its field; a good one leads in"):
    pages.type("input[name=name]", "Bob")
    pages.type("input[name=password]", "short")
    pages.press("Enter")
    pages.see(".field .wrong", "12")
    pages.type("input[name=password]", FIRST)
    pages.press("Enter")
    pages.see("h1", "Projects")
with pages.check("a member sees no administration, and is told why"):
    pages.see_no(".nav a", "Admin")
    pages.open("/admin/keys")
    pages.see("main", "role admin")
with pages.check("a link works once"):
    pages.driver.call("POST", "/url", {"url": link})
    pages.type("input[name=password]", FIRST)
    pages.press("Enter")
    pages.see("[role=alert]", "another link")

with pages.check("one's own name is changed"):
    pages.open("/account")
    pages.until(lambda: pages.js("document.querySelector('input[name=name]')?.value") == "Bob", "the name")
    pages.type("input[name=name]", "Bob Harbour")
    pages.click("button", "Save")
    pages.see(".toast", "saved")
pages.sound("account", widths=("desktop",))
with pages.check("a session elsewhere is seen and ended"):
    body = json.dumps({"email": BOB, "password": FIRST}).encode()
    login = urllib.request.Request(URL + "/api/v1/auth/login", data=body, headers={"Content-Type": "application/json", "Origin": URL, "User-Agent": "curl/8"})
    with urllib.request.urlopen(login, timeout=30) as answer:
        cookie = answer.headers["Set-Cookie"].split(";")[0]
    assert status_of("/auth/me", Cookie=cookie) == 200
    section("Sessions", "Sessions")
    in_row("curl", "End")
    pages.see_no("tbody tr", "curl")
    assert status_of("/auth/me", Cookie=cookie) == 401
with pages.check("another password: the old one must be right, and this session goes on"):
    section("Password", "Password")
    pages.type("input[name=old_password]", "not the password")
    pages.type("input[name=new_password]", SECOND)
    pages.type("input[name=again]", FIRST)
    pages.click("button", "Change password")
    pages.see(".field .wrong", "not the same")
    pages.type("input[name=again]", SECOND)
    pages.click("button", "Change password")
    pages.see_no(".field .wrong", "not the same")
    pages.see(".field .wrong")
    pages.type("input[name=old_password]", FIRST)
    pages.click("button", "Change password")
    pages.see(".toast", "changed")
    pages.open("/account/sessions")
    pages.see("tbody tr", "this one")
with pages.check("who forgot theirs sets another by the link that an administrator hands out"):
    member = next(m["id"] for m in api("GET", "/members")[1]["items"] if m["email"] == BOB)
    code, made = api("POST", f"/members/{member}/reset")
    assert code == 201 and made["url"].startswith(URL + "/welcome#reset="), made
    pages.driver.call("POST", "/url", {"url": made["url"]})
    pages.see("h1", "Set a new password")
    pages.type("input[name=password]", THIRD)
    pages.press("Enter")
    pages.see("h1", "Projects")


def change_bob(**values):
    bob = next(m for m in api("GET", "/members")[1]["items"] if m["email"] == BOB)
    code, now = api("PATCH", f"/members/{bob['id']}", values, {"If-Match": f'"{bob["version"]}"'})
    assert code == 200, now


with pages.check("a role that is taken or given is felt by the page that is open"):
    pages.see("button", "Add a project")
    change_bob(role="viewer")
    pages.see_no("button:enabled", "Add a project")
    change_bob(role="member")
    pages.see("button:enabled", "Add a project")
with pages.check("who is disabled is told so by the page that is open, and goes on where they were when they are enabled"):
    pages.open("/jobs")
    pages.see("h1", "Jobs")
    change_bob(status="disabled")
    pages.see("h1", "You belong to no tenant", within=20)
    pages.see_no(".nav a")
pages.sound("no-tenant", widths=("phone",))
with pages.check("let in again, the same page goes on"):
    change_bob(status="active")
    pages.click("button", "Look again")
    pages.see("h1", "Jobs")
with pages.check("an owner disables a member in the page, and takes it back by Undo"):
    pages.click("button", "Account")
    pages.click("[role=menuitem]", "Sign out")
    pages.see("h1", "Sign in")
    pages.sign_in(*owner())
    pages.open("/admin/members")
    in_row(BOB, "Disable")
    pages.see("dialog", "kept out of this tenant at once")
    pages.click("dialog button", "Disable", exact=True)
    pages.see("tbody tr", "disabled")
    pages.click(".toast button", "Undo")
    pages.see_no("tbody .badge", "disabled")
    in_row(BOB, "Disable")
    pages.click("dialog button", "Disable", exact=True)
    in_row(BOB, "Enable")
    pages.see_no("tbody .badge", "disabled")

with pages.check("a steward sees all tenants, and changes the limits of one"):
    pages.click("button", "Account")
    pages.click("[role=menuitem]", "Sign out")
    pages.see("h1", "Sign in")
    pages.sign_in("steward@example.org", "charts for everybody")
    pages.open("/admin/tenants")
    pages.click("button", "All of the installation")
    pages.until(lambda: pages.where() == "/admin/tenants?all=1", "the choice in the address")
    in_row("Harbour", "Limits")
    pages.see("h2", "Usage and limits")
    pages.click("button", "Change limits")
    pages.type("dialog input[name=members_max]", "3")
    pages.type("dialog input[name=storage_max_bytes]", "1.5")
    pages.click("dialog button", "Save")
    pages.see(".card", "100 % of 3")
    pages.see(".card", "1.6 GB")
pages.sound("admin-limits")
with pages.check("the limit holds, and the refusal says how much, of how much, and who raises it"):
    section("Members", "Members")
    pages.click("button", "Invite somebody")
    pages.type("dialog input[name=email]", "eve@example.org")
    pages.click("dialog button", "Make the invitation")
    pages.see("dialog [role=alert]", "3 of at most 3 members")
    pages.see("dialog [role=alert]", "who runs the installation")
    pages.press("Escape")
pages.end()
