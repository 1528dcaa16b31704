"""An operator's morning: a job that broke, why, what mends it; many at once; queues; what happened and what it led to."""

import os
import shutil
import subprocess

from page import Pages, api

REPOS = os.environ["REPOS"]
PASSWORD = "a lighthouse at night"

pages = Pages(sign_in=False)
pages.sign_in("operator@example.org", PASSWORD)


def project(name, folder):
    """A project of a folder, which may not be there: (its id, its first job's)"""
    status, made = api("POST", "/projects", {"name": name, "repository_url": os.path.join(REPOS, folder)})
    assert status == 201, made
    return made["id"], made["job_id"]


def mend(folder):
    shutil.copytree(os.path.join(REPOS, "tiny"), os.path.join(REPOS, folder))


def sql(statement):
    subprocess.run(["sh", os.environ["SQL"], statement], check=True, stdout=subprocess.DEVNULL)


def rows():
    return pages.driver.script("return document.querySelectorAll('tr[data-job]').length")


# --- One that breaks ---

pages.open("/jobs")
with pages.check("an empty list says where jobs come from"):
    pages.see("main", "No jobs yet")
_, job = project("Lighthouse", "lighthouse")
with pages.check("a job that breaks appears while one looks, with its reason"):
    pages.see(f"tr[data-job='{job}'] .badge", "failed", within=20)
    pages.see(f"tr[data-job='{job}']", "here is nothing at")
    pages.see(f"tr[data-job='{job}']", "Lighthouse")
    pages.see(".tabs a", "Failed 1")
pages.sound("jobs")
with pages.check("it opens by the keyboard, and says why, and what to do"):
    pages.press("j", "Enter")
    pages.until(lambda: pages.where() == f"/jobs/{job}", "the job")
    pages.see(".why-card", "repository-not-found")
    pages.see(".why-card", "Create the repository at that address")
    pages.see("[aria-label=Attempts]", "Attempt 1")
    pages.see(".log", "job started")
    pages.see("[aria-label='What it caused'] .event", "job.failed")
pages.sound("job")
with pages.check("other arguments are the server's to judge, at the field"):
    pages.click("button", "Run with changes")
    pages.type("input[name='arguments/project_id']", "999")
    pages.click("dialog button", "Run again")
    pages.see("dialog .wrong", "stays with it")
    assert pages.js("document.activeElement.name") == "arguments/project_id"
    pages.sound("job-rerun", widths=("phone",))
    pages.press("Escape")
    pages.see_no("dialog[open]")
with pages.check("mended and retried with another priority, it is seen to be done"):
    mend("lighthouse")
    pages.click("button", "Run with changes")
    pages.choose("dialog select[name=priority]", "1")
    pages.click("dialog button", "Run again")
    pages.see("h1 .badge", "completed", within=20)
    pages.see("[aria-label=Result]", "commit")
    pages.see("[aria-label=Attempts]", "failed")
    assert "Retry" not in pages.text(".page-head")

# --- Many ---

with pages.check("those that are selected, by keys, are counted, asked about, and retried"):
    for n in (1, 2, 3):
        project(f"Buoy {n}", f"buoy-{n}")
    pages.open("/jobs?status=failed")
    pages.until(lambda: rows() == 3, "three failed jobs", within=20)
    mend("buoy-3")
    pages.press("j", "x", "j", "x")
    pages.see(".jobs-bar", "2 selected")
    pages.click(".jobs-bar button", "Retry")
    pages.see("dialog", "Retry 2 jobs?")
    pages.click("dialog button", "Retry 2 jobs")
    pages.see(".toast", "Put back into the queue: 2 jobs")
    pages.until(lambda: rows() == 2, "the one that was mended to be gone", within=20)
with pages.check("all that match a filter are counted before they are retried"):
    mend("buoy-1")
    mend("buoy-2")
    pages.click("button", "All that match")
    pages.click("[role=menuitem]", "Retry all that match")
    pages.see("dialog", "Retry 2 jobs?")
    pages.click("dialog button", "Retry 2 jobs")
    pages.see("main", "No job is failed", within=20)
with pages.check("the address holds the filters, and back goes back"):
    pages.open("/jobs")
    pages.type("input[name=q]", "nothing is")
    pages.see("main", "No job matches")
    pages.press(*" called so")
    pages.until(lambda: pages.where() == "/jobs?q=nothing+is+called+so", "what was typed after a pause as well")
    pages.choose("select[name=queue]", "heavy")
    pages.until(lambda: pages.where() == "/jobs?q=nothing+is+called+so&queue=heavy", "the filters in the address")
    pages.js("history.back()")
    pages.until(lambda: pages.where() == "/jobs?q=nothing+is+called+so", "the filter before")

# --- Queues ---

with pages.check("a paused queue starts nothing, until it is resumed"):
    pages.open("/queues")
    heavy = "section[aria-label='Queue heavy']"
    pages.click(heavy + " button", "Pause")
    pages.see(heavy + " .badge", "paused")
    pages.see(heavy, "by operator@example.org")
    # A runner that is about to claim may not have heard of it yet: of several, one waits.
    for n in range(6):
        project(f"Held {n}", "tiny")
    pages.until(lambda: int(pages.find(heavy + " .queue-figures a") and pages.text(heavy + " .queue-figures dd")) > 0, "a job that waits")
    waiting = api("GET", "/jobs?status=pending")[1]["items"]
    assert waiting, "none waits"
with pages.check("charts are drawn, and the same numbers are a table"):
    pages.see(".plot svg rect")
    pages.click("summary", "The same numbers")
    pages.see(".numbers td")
    done = pages.js("[...document.querySelectorAll('.numbers tbody tr')].reduce((n, row) => n + Number(row.cells[1].textContent), 0)")
    assert done > 0, "nothing was done"
    drawn = pages.js("document.querySelector('.plot svg[role=img]').getAttribute('aria-label')")
    assert f": {done} completed" in drawn, drawn
pages.sound("queues")
with pages.check("of two who change limits the second is shown what they are now"):
    pages.click(heavy + " button", "Limits")
    pages.type("input[name=concurrency]", "3")
    version = api("GET", "/queues/heavy")[1]["version"]
    status, _ = api("PATCH", "/queues/heavy", {"concurrency": 5}, {"If-Match": f'"{version}"'})
    assert status == 200, status
    pages.click("dialog button", "Save")
    pages.see("dialog [role=alert]", "It is now: 5 at a time")
    pages.click("dialog button", "Save over it")
    pages.see_no("dialog[open]")
    pages.see(heavy, "3 at a time")
    assert api("GET", "/queues/heavy")[1]["limits"]["concurrency"] == 3
with pages.check("one that waits is cancelled, by a key; the rest goes on when the queue is resumed"):
    pages.open(f"/jobs/{waiting[0]['id']}")
    pages.see("h1 .badge", "pending")
    pages.press("c")
    pages.see("h1 .badge", "cancelled")
    pages.open("/queues")
    pages.click(heavy + " button", "Resume")
    pages.see_no(heavy + " .badge", "paused")
    pages.until(lambda: not api("GET", "/jobs?status=pending")[1]["items"], "nothing that waits", within=20)

# --- Events ---

with pages.check("events come as they happen"):
    pages.open("/events")
    pages.see(".event")
    project("Harbour", "tiny")
    pages.see(".event", "Harbour", within=20)
with pages.check("who reads is not pushed: what is new is counted, and comes when asked for"):
    pages.click("button", "Pause")
    top = pages.text(".event .told")
    project("Pier", "tiny")
    pages.see(".log-bar .first", "new event")
    assert pages.text(".event .told") == top

    # What the project before it still tells may come first.
    def shown():
        if pages.driver.script("return [...document.querySelectorAll('.event')].some(e => e.innerText.includes('Pier'))"):
            return True
        return pages.driver.script("document.querySelector('.log-bar .first')?.click()")

    pages.until(shown, "the project, when it is asked for", within=20)
with pages.check("an event opens to what it tells, and to what it led to: the jobs, and what these told"):
    pages.open("/events?kind=project.created")
    pages.see(".event", "Pier")
    pages.click(".event .fold", "project.created")
    pages.see(".payload", "repository url")
    pages.click(".payload button", "What it led to")
    pages.see(".tree", "Map a repository")
    pages.see(".tree", "map.published")
    pages.see(".tree", "Index for search", within=20)
pages.sound("events")
with pages.check("back in time by position, and by actor"):
    first = api("GET", "/events?types=project.created&limit=1")[1]["items"][0]["position"]
    pages.open(f"/events?before={first + 1}")
    pages.until(lambda: pages.driver.script("return document.querySelectorAll('.event').length") > 0, "older events")
    pages.see("main", "Before position")
    pages.see_no(".event", "Buoy")
    pages.open("/events?until=2020-01-01T00:00")
    pages.see("main", "No event matches")
    pages.open(f"/events?actor=job:{job}")
    pages.see(".event", "job.completed")
    pages.see_no(".event", "Pier")
with pages.check("what could not be handed on has its place"):
    pages.click(".tabs a", "Deliveries")
    pages.see("main", "Every event was taken")
    pages.see("td", "search")
with pages.check("an event that a part cannot take is seen, with its reason, until it is parked"):
    sql("ALTER TABLE app.event_activity ADD CONSTRAINT fault CHECK (kind <> 'state.changed') NOT VALID")
    for n in (1, 2):
        status, _ = api("PUT", f"/state/lamp-{n}", {"data": n}, {"If-None-Match": "*"})
        assert status == 201, status
    pages.see(".attempts", "waiting", within=20)
    sql("UPDATE app.event_delivery SET attempt = 19, retry_at = now() WHERE kind = 'state.changed' AND state = 'waiting' AND retry_at IS NOT NULL")
    pages.see(".attempts .badge", "parked", within=20)
    pages.until(lambda: pages.driver.script("return document.querySelectorAll('.attempts > li .badge').length") == 2, "both of them")
    pages.until(lambda: sql("UPDATE app.event_delivery SET attempt = 19, retry_at = now() WHERE kind = 'state.changed' AND state = 'waiting'")
                or len(api("GET", "/event-deliveries?state=parked")[1]["items"]) == 2, "both parked", within=20)
    pages.see(".attempts", "state.changed")
    pages.see(".attempts .why-long", "database")
pages.sound("deliveries", widths=("desktop", "phone"))
with pages.check("given up after a question; the other is handed on when what was broken is mended, and is gone"):
    pages.choose("select[name=state]", "parked")
    pages.until(lambda: pages.driver.script("return document.querySelectorAll('.attempts > li').length") == 2, "two parked")
    pages.click(".attempts button", "Give up")
    pages.see("dialog", "will never be told")
    pages.click("dialog button", "Give up")
    pages.until(lambda: pages.driver.script("return document.querySelectorAll('.attempts > li').length") == 1, "one left")
    sql("ALTER TABLE app.event_activity DROP CONSTRAINT fault")
    pages.click("button", "Redeliver all that are parked")
    pages.see("dialog", "Hand on 1 event again?")
    pages.click("dialog button", "Hand on again")
    pages.see(".toast", "Handed on again: 1 event")
    pages.see("main", "No delivery is parked", within=20)

# --- Who may not ---

with pages.check("a viewer sees, and is told which role acting needs"):
    pages.click("button", "Account")
    pages.click("[role=menuitem]", "Sign out")
    pages.sign_in("viewer@example.org", PASSWORD)
    pages.open("/jobs?status=cancelled")
    pages.see("tr[data-job]", "cancelled")
    pages.see(".jobs-bar", "need the role operator")
    pages.press("j", "x", "r")
    assert not pages.driver.script("return document.querySelector('tr[data-job] input, dialog[open]')"), "something to act with"
    pages.press("Enter")
    pages.see(".page-head", "needs the role operator")
    pages.open("/queues")
    pages.see(heavy)
    assert not pages.driver.script("return document.querySelector('section.queue button')"), "something to act with"
    pages.open("/events?view=deliveries")
    pages.see("main", "needs the role operator")
pages.end()
