"""Searching, documents of one's own, and the API's documentation."""

import json
import os
import tempfile

from page import Pages, api, key_of

pages = Pages()
js = pages.js

with pages.check("nothing is looked for yet: what can be"):
    pages.until(lambda: all(s["complete"] for s in api("GET", "/sources")[1]["items"]), "an index", 30)
    pages.open("/search")
    pages.see(".empty", "Search all that your team has mapped")
with pages.check("what is typed is found at once, by files, marked, with its reasons, and is in the address"):
    pages.type("input[type=search]", "body length")
    pages.see(".file h2", "lib/limit.c")
    pages.see(".passage mark", "body")
    pages.see(".why", "name: body")
    pages.until(lambda: pages.where() == "/search?q=body%20length" or pages.where() == "/search?q=body+length", "the address")
pages.sound("search")
with pages.check("arrows go to what was found and back, Enter opens it at its lines"):
    pages.click("input[type=search]")
    pages.press("Down")
    pages.until(lambda: js("document.activeElement.dataset.hit !== undefined"), "the first")
    pages.press("Up")
    pages.until(lambda: js("document.activeElement.type") == "search", "the field")
    pages.press("Down")
    href = js("document.activeElement.getAttribute('href')")
    assert href.startswith("/projects/1/source?path=lib%2Flimit") and "#L" in href, href
    pages.press("Enter")
    pages.until(lambda: pages.where().startswith("/projects/1/source?path=lib%2Flimit"), "the source")
with pages.check("back, and filters: language, folder, source; what nothing fits says what to do"):
    pages.driver.call("POST", "/back", {})
    pages.see(".file h2", "lib/limit.c")
    pages.type("input[aria-label=Language]", "Markdown")
    pages.see(".file h2", "README.md")
    pages.see_no(".file h2", "lib/limit.c")
    pages.type("input[aria-label='In folder or file']", "lib")
    pages.see(".empty", "Nothing was found")
    pages.click(".hints a", "Search without the filters")
    pages.see(".file h2", "lib/limit.c")
with pages.check("files and symbols of a project"):
    pages.choose("select[aria-label=Project]", "app")
    pages.click(".tabs a", "Files")
    pages.type("input[type=search]", "limit")
    pages.see("td a mark", "limit")
    pages.click(".tabs a", "Symbols")
    pages.type("input[type=search]", "take")
    pages.see("td", "lib/bucket.py:2")
with pages.check("to a screen that has to come first, and back before it is there"):
    pages.open("/search?q=body+length")
    pages.see(".file h2", "lib/limit.c")
    js("document.querySelector('nav a[href=\"/jobs\"]').click(), history.back()")
    pages.until(lambda: js("performance.getEntriesByType('resource').some((r) => r.name.includes('/work-')"
                           " && performance.now() - r.responseEnd > 300)"), "its file to have come")
    assert pages.where() == "/search?q=body+length", pages.where()
    pages.see(".file h2", "lib/limit.c", within=1)
with pages.check("a document is added from a file, found, and deleted"):
    pages.open("/search?view=documents")
    pages.click("button", "Add a document")
    with tempfile.NamedTemporaryFile("w", suffix=".md", prefix="handbook-", delete=False) as file:
        file.write("# Handbook\n\nThe frobnicator is rotated on Mondays.\n")
    os.chmod(file.name, 0o644)
    box = pages.driver.script("return document.querySelector('input[type=file]')")
    pages.driver.call("POST", "/element/%s/value" % key_of(box), {"text": file.name})
    pages.type("input[name=name]", "handbook.md")
    pages.click("dialog button", "Add", exact=True)
    pages.see("td", "handbook.md")
    pages.see("td .badge", "ready", within=20)
    os.unlink(file.name)
with pages.check("a file is judged as it comes, and what is wrong with it is said"):
    pages.click("button", "Add a document")
    with tempfile.NamedTemporaryFile("w", suffix=".pdf", delete=False) as file:
        file.write("Dear reader. " * 200000)
    os.chmod(file.name, 0o644)
    box = pages.driver.script("return document.querySelector('input[type=file]')")
    pages.driver.call("POST", "/element/%s/value" % key_of(box), {"text": file.name})
    pages.click("dialog button", "Add", exact=True)
    pages.see("dialog", "is no PDF")
    pages.click("dialog button", "Cancel", exact=True)
    os.unlink(file.name)
pages.sound("documents", widths=("desktop",))
with pages.check("it is found like code is"):
    pages.open("/search?q=frobnicator")
    pages.see(".file .badge", "own document")
    pages.see(".passage", "rotated on Mondays")
    pages.open("/search?view=documents")
    pages.click("button", "Delete handbook.md")
    pages.click("dialog button", "Delete", exact=True)
    pages.see(".empty", "No documents yet")

# --- The API's documentation ---

with pages.check("the documentation shows every part of the API, and nothing is asked of another host"):
    pages.open("/docs/")
    pages.see(".opblock-tag", "Conversations")
    other = js("performance.getEntriesByType('resource').map(r => r.name).filter(n => !n.startsWith(location.origin))")
    assert not other, other
    tags = {t for p in json.loads(js("fetch('/api/v1/openapi.json').then(r => r.text())"))["paths"].values() for o in p.values() if isinstance(o, dict) for t in o.get("tags", [])}
    assert len(tags) == js("document.querySelectorAll('.opblock-tag').length"), tags
pages.sound("docs", widths=("phone",))
with pages.check("what it tries out is done by the session of who is signed in"):
    pages.click(".opblock-tag", "Conversations")
    pages.click("#operations-Conversations-createConversation .opblock-summary-control")
    pages.click(".try-out button")
    pages.driver.script(
        "const t = document.querySelector('textarea.body-param__text');"
        "Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(t, '{\"title\": \"Tried out\"}');"
        "t.dispatchEvent(new Event('input', { bubbles: true }));")
    pages.click("button.execute")
    pages.see(".live-responses-table", "201")
    assert any(c["title"] == "Tried out" for c in api("GET", "/conversations")[1]["items"])
pages.sound("docs-tried", widths=("desktop",))
with pages.check("its scripts are loaded by no other page"):
    pages.open("/search")
    pages.see("input[type=search]")
    assert not js("performance.getEntriesByType('resource').some(r => r.name.includes('/docs/'))")
pages.end()
