"""Projects: a repository is added, watched while it is cloned and mapped, looked at, changed, deleted."""

import os

from page import Pages, api

REPO = os.environ["REPO"]
pages = Pages()

with pages.check("without projects the page says what to do"):
    pages.open("/projects")
    pages.see("h2", "Chart your first system")
pages.sound("projects-empty", widths=("desktop",))
with pages.check("an address is looked at while it is typed: each refusal has its reason and its fix"):
    pages.click("button", "Add a project")
    for bad, why in (("ftp://git.test/a", "no scheme"), ("http://git.test/a", "http is not allowed"), ("https://127.0.0.1/a", "loopback"),
                     ("/etc", "local_roots"), ("git@git.test:a/b", "ssh")):
        pages.type("input[name=repository_url]", bad)
        pages.see(".outlook.bad", why)
    pages.type("input[name=repository_url]", "https://git.test/a.git")
    pages.see(".outlook.good", "may be used")
pages.sound("projects-add")
with pages.check("what is refused at last stays in the form, at its field"):
    pages.type("input[name=repository_url]", "/etc")
    pages.see(".outlook.bad")
    pages.click("dialog button.first", "Add")
    pages.see("dialog .wrong", "local_roots")
with pages.check("a repository is added, and its map appears by itself"):
    pages.type("input[name=repository_url]", REPO)
    pages.see(".outlook.good")
    pages.type("input[name=name]", "Harbour")
    pages.click("dialog button.first", "Add")
    pages.see("h1", "Harbour")
    pages.see(".badge", "ready", within=60)
    pages.see(".figure", "lines of code")
    pages.see(".picture img")
    pages.until(lambda: pages.js("document.querySelector('.picture img').naturalWidth > 0"), "the picture")
project = int(pages.where().split("/")[2])
pages.sound("project")
with pages.check("what is shown agrees with the map"):
    summary = api("GET", f"/projects/{project}/map?members=summary")[1]["content"]["summary"]
    assert f"{summary['code']:,}" in pages.text(".figures"), pages.text(".figures")
    assert summary["depended"][0]["path"] in pages.text("main")
with pages.check("the same address again: the project that has it is named"):
    pages.open("/projects")
    pages.see("td a", "Harbour")
    pages.press("n")
    pages.type("input[name=repository_url]", REPO)
    pages.see(".outlook.warn", "this address already")
    pages.press("Escape")
    pages.see_no("dialog[open]")
with pages.check("a screen that comes late on a slow line is told of everything all the same"):
    pages.driver.devtools("Network.enable")
    pages.driver.devtools("Network.emulateNetworkConditions", offline=False, latency=400, downloadThroughput=-1, uploadThroughput=-1)
    pages.open("/projects")
    pages.see("td a", "Harbour")
    pages.driver.devtools("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1, uploadThroughput=-1)
    assert api("PATCH", f"/projects/{project}", {"name": "Quay"}, {"If-Match": "*"})[0] == 200
    pages.see("td a", "Quay")
    assert api("PATCH", f"/projects/{project}", {"name": "Harbour"}, {"If-Match": "*"})[0] == 200
    pages.see("td a", "Harbour")
with pages.check("a project whose clone fails says why, and what helps, in the list and on its page"):
    status, made = api("POST", "/projects", {"name": "Lost", "repository_url": os.path.dirname(REPO) + "/nowhere"})
    assert status == 201, made
    pages.see("tr", "Lost")
    pages.see(".badge", "failed", within=60)
    pages.see(".why")
    pages.open(f"/projects/{made['id']}")
    pages.see("[role=alert]", "failed")
    pages.find("[role=alert] a", "means")
pages.sound("project-failed", widths=("desktop",))
with pages.check("a long name without a space is read whole on a phone, and one from right to left begins at its own side"):
    assert api("PATCH", f"/projects/{made['id']}", {"name": "Lost" + "withoutanyspace" * 6}, {"If-Match": "*"})[0] == 200
    pages.size("phone")
    pages.open("/projects")
    pages.see("tr", "Lost")
    assert pages.js("[...document.querySelectorAll('.projects td:first-child')].every(e => e.scrollWidth <= e.clientWidth + 1)"), "cut off"
    pages.size("desktop")
    assert api("PATCH", f"/projects/{made['id']}", {"name": "خريطة ضائعة"}, {"If-Match": "*"})[0] == 200
    pages.see("td a", "خريطة")
    assert pages.js("[...document.querySelectorAll('.projects td a')].some(a => getComputedStyle(a).direction === 'rtl')"), "not by its letters"
    assert api("PATCH", f"/projects/{made['id']}", {"name": "Lost"}, {"If-Match": "*"})[0] == 200
    pages.see("td a", "Lost")
with pages.check("the list is found by name and by state, and the address keeps it"):
    pages.open("/projects?status=failed")
    pages.see("td a", "Lost")
    pages.see_no("td a", "Harbour")
    pages.open("/projects")
    pages.type("input[type=search]", "harb")
    pages.see_no("td a", "Lost")
    assert pages.where() == "/projects?q=harb", pages.where()
    pages.type("input[type=search]", "zzz")
    pages.see("h2", "No project matches")
with pages.check("a new commit is mapped when somebody asks"):
    with open(os.path.join(REPO, "extra.py"), "w", encoding="utf-8") as file:
        file.write("import main\n\n\ndef extra():\n    return main\n")
    assert os.system(f"git -c safe.directory='*' -C {REPO} add -A && git -c safe.directory='*' -C {REPO} -c user.name=a -c user.email=a@b.c commit -qm more") == 0
    before = api("GET", f"/projects/{project}")[1]["head_commit"]
    pages.open(f"/projects/{project}")
    pages.click("button", "Sync now")
    pages.until(lambda: api("GET", f"/projects/{project}")[1]["head_commit"] != before, "another commit", within=60)
    pages.see("a", "what changed")
with pages.check("it is renamed, and what is refused is said at its field"):
    pages.click("button", "More")
    pages.click("[role=menuitem]", "Change")
    pages.type("dialog input[name=name]", "Lost")
    pages.click("dialog button.first", "Save")
    pages.see("dialog [role=alert]", "Lost")
    pages.type("dialog input[name=name]", "Haven")
    pages.choose("dialog select[name=sync_schedule]", "Every day")
    pages.click("dialog button.first", "Save")
    pages.see("h1", "Haven")
    assert api("GET", f"/projects/{project}")[1]["sync_schedule_id"]
with pages.check("it is deleted only when its name is typed"):
    pages.click("button", "More")
    pages.click("[role=menuitem]", "Delete")
    pages.see("dialog button[disabled]", "Delete the project")
    pages.type("dialog input", "Haven")
    pages.click("dialog button.danger", "Delete the project")
    pages.until(lambda: pages.where() == "/projects", "the projects")
    pages.see_no("td a", "Haven")
    assert api("GET", f"/projects/{project}")[0] == 404
pages.sound("projects")
pages.end()
