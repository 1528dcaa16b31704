"""The system map in three views, its source, two commits compared."""

import urllib.parse

from page import Pages, api

pages = Pages()
project = next(p["id"] for p in api("GET", "/projects?q=system")[1]["items"])
BASE = f"/projects/{project}"


def query():
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(pages.where()).query))


def rows():
    """Paths of the table's rows that are in the page."""
    return pages.js("[...document.querySelectorAll('.map-table tr[data-row] button')].map(b => b.textContent)")


def at(path, within=10):
    pages.until(lambda: query().get("at", "") == path, f"{path} selected", within)


with pages.check("the map tells what there is, and where it hurts"):
    pages.open(BASE + "/map")
    pages.see(".map-side", "At a glance")
    pages.see(".map-side", "707 files")
    pages.see(".map-side", "1 cycle of imports")
    pages.see(".map-side", "heap")
    label = pages.until(lambda: pages.js("document.querySelector('canvas.graph')?.getAttribute('aria-label') ?? ''"), "a graph")
    assert label.startswith("Graph of ") and "dependencies" in label, label
pages.sound("map-graph")
with pages.check("a symbol is found, and selected in every view"):
    pages.type("input[type=search]", "save_ord")
    pages.see("#map-found", "save_order")
    pages.press("Down", "Up")
    names = pages.js("[...document.querySelectorAll('#map-found li')].map(l => l.innerText.split('\\n')[0])")
    assert names[0] == "save_order", names
    pages.press("Enter")
    at("core/store/order.c")
    pages.see(".map-side", "save_order: 1 definition")
    pages.see(".told", "core/store/order.c")
    pages.see(".map-side", "core/store/order.h")
    for view in ("Treemap", "Table", "Graph"):
        pages.click(".choice button", view)
        pages.see(".map-side h2", "core/store/order.c")
        at("core/store/order.c")
with pages.check("the file tells imports with their lines, definitions, owner, and how near a test is"):
    side = pages.until(lambda: "Definitions (1)" in pages.text(".map-side") and pages.text(".map-side"), "definitions")
    for want in ("Imports (1)", "line 1", "Ada", "Reached by tests\ndirectly", "Imported by (0)"):
        assert want in side, f"{want} in {side}"
with pages.check("keys go about in the graph: arrows, Enter opens a folder, Backspace closes it"):
    pages.open(BASE + "/map?at=heap")
    pages.see(".told", "heap, folder, 700 files")
    pages.js("document.querySelector('canvas.graph').focus()")
    pages.press("Enter")
    pages.until(lambda: "heap" in query().get("open", "").split(","), "heap open")
    pages.press("Backspace")
    pages.until(lambda: "heap" not in query().get("open", "").split(","), "heap closed")
    pages.js("document.querySelector('canvas.graph').focus()")
    pages.press("Up")
    pages.until(lambda: query().get("at") not in (None, "heap"), "another one selected")
with pages.check("what a change would reach is shown in all views, and taken away by its chip"):
    pages.open(BASE + "/map?view=table&at=core%2Fstore%2Forder.h")
    pages.choose(".map-tools .pick-line:nth-of-type(2) select", "impact")
    pages.see(".map-filters", "6 of 707 files")
    assert rows() == ["api/extra.c", "api/server.c", "core/store/log.h", "core/store/order.c", "core/store/order.h", "tests/test_order.c"], rows()
    pages.click(".choice button", "Treemap")
    pages.see(".map-filters", "6 of 707 files")
    pages.click(".chip", "Impact")
    pages.see(".map-filters", "707 files", exact=True)
with pages.check("the cycle is a link to its two files"):
    pages.click(".map-side header a", "Select nothing")
    pages.click(".map-side a", "1 cycle of imports")
    pages.until(lambda: sorted(rows()) == ["core/store/log.h", "core/store/order.h"], "the cycle's files")
with pages.check("the table is sorted, holds all files, and only those that are seen are in the page"):
    pages.open(BASE + "/map?view=table")
    pages.see(".map-rows", "707 files")
    pages.click(".map-table th button", "Lines")
    pages.until(lambda: query().get("sort") == "code" and rows()[0] == "api/extra.c", "the longest file first")
    assert len(rows()) < 100, len(rows())
    pages.js("document.querySelector('.map-table').scrollTop = 1e6")
    pages.until(lambda: int(pages.js("document.querySelector('.map-table tr[data-row]:nth-last-child(2)').dataset.row")) == 706, "the last row")
    pages.click(".choice button", "Folders")
    pages.see(".map-table", "core/store")
pages.sound("map-table")
with pages.check("the treemap zooms by keys, and has its names in words"):
    pages.open(BASE + "/map?view=treemap&at=core%2Fstore")
    pages.see(".stage canvas")
    pages.js("document.querySelector('.stage canvas').focus()")
    pages.press("Enter")
    pages.until(lambda: query().get("under") == "core/store", "zoomed in")
    pages.press("Right")
    pages.until(lambda: query().get("at", "").startswith("core/store/"), "a file selected")
    pages.press("Backspace")
    pages.until(lambda: query().get("under") == "core", "zoomed out")
    pages.choose(".map-tools .pick-line:nth-of-type(1) select", "tested")
    pages.see(".map-legend", "no test reaches it")
pages.sound("map-treemap", widths=("desktop",))
with pages.check("what is had of a map is not sent again"):
    pages.open(BASE + "/map?view=table")
    pages.see(".map-rows", "707 files")
    pages.click("nav.tabs a", "Source")
    pages.see("td", "core")
    pages.click("nav.tabs a", "Map")
    pages.see(".map-side", "At a glance")
    pages.until(lambda: pages.js("performance.getEntriesByType('resource').filter(e => e.name.includes('map.files.json')).map(e => e.responseStatus)") == [200, 304], "200, then 304")
with pages.check("every form of the export is there"):
    pages.click("button", "Export")
    links = pages.js("[...document.querySelectorAll('.export [role=menuitem][href]')].map(a => a.getAttribute('href'))")
    assert len(links) == 9, links
    for link in links:
        assert pages.js("fetch(args[0]).then(r => r.status)", link) == 200, link
    for what in ("PNG of the parts", "PNG of what is shown"):
        pages.open(BASE + "/map")
        pages.see("canvas.graph")
        pages.js("(window.saved = [], HTMLAnchorElement.prototype.click = function () { saved.push(this.download); }, true)")
        pages.click("button", "Export")
        pages.click(".export [role=menuitem]", what)
        pages.until(lambda: [n for n in pages.js("saved") if n.endswith(".png")], what)

with pages.check("a commit without a map says so, and can be mapped"):
    pages.open(BASE + "/map?commit=0123456789")
    pages.see("main", "has no map of commit 0123456789")
    pages.see("button", "Map it")

# --- Source ---

with pages.check("source: numbered lines, marked from the address, definitions beside"):
    pages.open(BASE + "/source?path=core%2Fstore%2Forder.c#L4-L6")
    pages.see(".source tr.on .line", "int save_order(int order)")
    assert pages.js("[...document.querySelectorAll('.source tr.on')].map(r => r.id)") == ["L4", "L5", "L6"]
    pages.see(".outline", "save_order")
    pages.click(".source .no a", "2", exact=True)
    pages.until(lambda: pages.js("location.hash") == "#L2", "line 2")
    assert pages.js("document.querySelector('#L3 .s-note') !== null"), "a comment of several lines is one"
pages.sound("source")
with pages.check("what is no text says so, and folders lead on"):
    pages.open(BASE + "/source?path=api%2Flogo.bin")
    pages.see("main", "It is binary.")
    pages.click(".crumbs a", "api")
    pages.click("td a", "server.c")
    pages.see(".source .line", "int handle(void)")
    pages.click("main a", "On the map")
    at("api/server.c")

# --- Comparison ---

with pages.check("a tag is mapped on request, and compared: what came and went, cycles too"):
    pages.open(BASE + "/compare")
    pages.see("main", "There is one map so far")
    pages.type("input[name=commit]", "v1")
    pages.press("Enter")
    pages.see(".sums", "Files", within=30)
    pages.see(".sum", "Cycles 1 +1")
    pages.see(".rows.diff .added", "api/extra.c")
    pages.click(".tabs a", "Cycles")
    pages.see(".rows.diff .added", "core/store/log.h, core/store/order.h")
    pages.click(".tabs a", "Imports")
    pages.see(".rows.diff .added", "core/store/log.h → core/store/order.h")
    assert "from" in query() and query()["kind"] == "imports", query()
with pages.check("turned round, what came went; the picture is drawn"):
    pages.click("button", "Turn round")
    pages.see(".rows.diff .removed", "core/store/log.h → core/store/order.h")
    pages.click("summary", "drawn")
    pages.until(lambda: pages.js("document.querySelector('.drawn img')?.naturalWidth ?? 0") > 100, "the picture")
pages.sound("compare")
pages.end()
