"""Asking: without a model, with one, and with one that means harm."""

import json
import os
import subprocess
import time

from page import ROOT, Pages, api

NPM = os.path.join(ROOT, "build", "npm", "node_modules")
pages = Pages()
js = pages.js
stamp = [0]


def say(steps, words=""):
    """A question that says how the provider answers it."""
    stamp[0] += 1
    return words + " fake:" + json.dumps({"key": f"{os.getpid()}-{stamp[0]}", "steps": steps})


def ask(text, box=".composer .question-box"):
    """As pasted: a person types no such JSON."""
    pages.until(lambda: js("Boolean(document.querySelector(%s))" % json.dumps(box)), "a box for the question")
    pages.driver.script(
        "const b = document.querySelector(arguments[0]); b.focus(); b.value = arguments[1];"
        "b.dispatchEvent(new Event('input', { bubbles: true }));", box, text)
    pages.press("Enter")


def prose():
    return js("[...document.querySelectorAll('.prose')].at(-1)?.innerText ?? ''")


def answered(text, within=20):
    pages.until(lambda: text in prose() and not js("document.querySelector('[aria-busy=true]')"), f"an answer with “{text}”", within)


# --- Markdown, by itself ---

ENTRY = 'export { markdown } from "./parts/markdown.js"; export { html, render } from "./core/html.js";'


def load_markdown():
    made = subprocess.run(
        [os.path.join(NPM, ".bin", "esbuild"), "--bundle", "--format=iife", "--global-name=of_markdown", "--minify"],
        input=ENTRY.encode(), cwd=os.path.join(ROOT, "nginx", "www"), env={**os.environ, "NODE_PATH": NPM}, check=True, capture_output=True)
    pages.driver.script(made.stdout.decode() + "\nwindow.of_markdown = of_markdown;")


def md(text):
    return pages.driver.script(
        "const box = document.createElement('div'); of_markdown.render(of_markdown.markdown(arguments[0], n => n === 1 ? 'CITED' : null), box);"
        "for (const e of box.querySelectorAll('button, svg')) e.remove(); return box.innerHTML;", text)


def takes(text):
    return pages.driver.script("const t = performance.now(); of_markdown.markdown(arguments[0]); return performance.now() - t;", text)


pages.open("/ask")
load_markdown()
with pages.check("markdown: headings, emphasis, code, lists, quotes, tables"):
    assert md("# One\n\ntwo *three* **four** `five *x*`") == '<h3 class="large">One</h3><p>two <em>three</em> <strong>four</strong> <code>five *x*</code></p>', md("# One")
    assert md("- a\n  - b\n- c\n\n3. d\n4. e") == '<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul><ol start="3"><li>d</li><li>e</li></ol>'
    assert "<blockquote>a\nb</blockquote>" in md("> a\n> b")
    assert "<th>a</th>" in md("| a | b |\n|---|---|\n| 1 | 2 |") and "<td>2</td>" in md("| a | b |\n|---|---|\n| 1 | 2 |")
    assert '<pre tabindex="0"><code>x &lt; *y*</code></pre>' in md("```c\nx < *y*\n```\n")
    assert "<code>never closed" in md("```\nnever closed")
    assert md("snake_case_name and 2 * 3 * 4, a \\*b\\*") == "<p>snake_case_name and 2 * 3 * 4, a *b*</p>"
    assert md("so it is [1], not [2]") == "<p>so it is CITED, not [2]</p>"
with pages.check("markdown: links lead to http and https alone, and say that they leave"):
    assert 'href="https://a.test/x"' in md("[a](https://a.test/x)") and 'rel="noopener noreferrer nofollow"' in md("[a](https://a.test/x)")
    for bad in ("javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//evil.test", "/logout", "vbscript:x", "java\tscript:alert(1)", "https:evil", "http://"):
        assert "<a" not in md(f"[x]({bad})") or 'href="https://evil/"' in md(f"[x]({bad})"), bad
with pages.check("markdown: HTML and pictures are text"):
    for bad in ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "![x](https://a.test/p.png)", "<a href='javascript:x'>y</a>", "`<b>`"):
        made = md(bad)
        assert "<script" not in made and "<img" not in made and "onerror=alert(1)>" not in made and "<b>" not in made, made
with pages.check("markdown: as much as is shown at most is read in passing, whatever it is"):
    for unit in ("[", "*a", "**a ", "`", "``a`", "> ", "- ", "[](", "|-", "\\", "*", "  - x\n", "1. ", "#", "a](", "***", "~~~\n"):
        took = takes(unit * (300000 // len(unit)))
        assert took < 3000, f"{unit!r}: {took} ms"

FUZZ = r"""
let seed = arguments[0];
const random = n => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
const parts = ['*', '**', '`', '```', '\n', '\n\n', '[', ']', '](', ')', 'https://a.test/', 'javascript:', ' ', '- ', '1. ', '  ', '> ', '# ', '|', '|-|-|', '<b>', '&lt;', '\\', 'a', '[1]', '\ud800', '~~~', '![', '---'];
const known = /^(P|H3|UL|OL|LI|BLOCKQUOTE|PRE|CODE|DIV|TABLE|THEAD|TBODY|TR|TH|TD|STRONG|EM|A|HR|SPAN|BUTTON|svg|path)$/;
for (let round = 0; round < arguments[1]; round++) {
    let text = '';
    for (let n = random(60); n >= 0; n--) text += parts[random(parts.length)];
    const box = document.createElement('div');
    of_markdown.render(of_markdown.markdown(text, n => null), box);
    for (const e of box.querySelectorAll('*')) {
        const names = e.getAttributeNames().filter(n => /^on/.test(n) || (/^(href|src|style)$/.test(n) && !(e.tagName === 'A' && /^https?:/.test(e.href))));
        if (!known.test(e.tagName) || names.length) return JSON.stringify(text);
    }
}
return '';
"""
with pages.check("markdown: whatever comes together, nothing but the known elements and addresses is made of it"):
    found = pages.driver.script(FUZZ, 20261130, 1000)
    assert not found, found

# --- Without a model ---

with pages.check("nothing was asked yet: examples are made from the map; no model is said"):
    pages.open("/ask")
    pages.see(".examples button", "What is in lib")
    pages.see(".composer", "No model is configured")
    pages.see(".history", "What you ask is kept here")
pages.sound("ask-empty")
with pages.check("an example is taken, Enter asks it, and the answer cites"):
    pages.click(".examples button", "What does this project do?")
    pages.press("Enter")
    pages.until(lambda: pages.where().startswith("/ask/"), "a conversation")
    pages.see(".notice", "No model wrote this", within=20)
    answered("Wire reads requests")
    pages.see(".sources", "README.md")
with pages.check("Shift+Enter begins a line, and the box grows"):
    pages.click(".composer .question-box")
    before = js("document.querySelector('.composer .question-box').offsetHeight")
    pages.type(".composer .question-box", "Where is `parse_request` defined\n\nand who uses it?".replace("\n", "\ue008\ue007\ue008"))
    assert js("document.querySelector('.composer .question-box').value.split('\\n').length") == 3
    assert js("document.querySelector('.composer .question-box').offsetHeight") > before
    pages.press("Enter")
    answered("lib/parse.c:3-6")
with pages.check("a citation shows its lines when it has the focus, and beside the answer when it is clicked"):
    pages.driver.script("[...document.querySelectorAll('.prose .cite')].find(c => c.ariaLabel.includes('lib/parse.c:3-6')).focus()")
    pages.see(".peek", "int parse_request(const char *text)")
    pages.press("Enter")
    pages.see(".cited", "int parse_request(const char *text)")
    href = js("document.querySelector('.cited a').getAttribute('href')")
    assert href.startswith("/projects/1/source?path=lib%2Fparse.c&commit=") and href.endswith("#L3-L6"), href
pages.sound("ask-extractive")
with pages.check("Escape closes the lines and goes back to their number"):
    pages.press("Escape")
    pages.see_no(".cited")
    assert "lib/parse.c:3-6" in (js("document.activeElement.ariaLabel") or "")
    assert not js("document.querySelector('.peek')")
with pages.check("nothing that fits: no context is said, and what to do"):
    ask("Which zzyzx does plugh the quux?")
    pages.see(".notice", "No context found", within=20)

# --- With a model ---

FAKE = f"http://127.0.0.1:{os.environ['FAKE']}/local/v1"


def put(path, body):
    import urllib.request
    request = urllib.request.Request(os.environ["PORTOLAN_URL"] + "/api/v1/ai/" + path, method="PUT", data=json.dumps(body).encode(),
                                     headers={"Authorization": "Bearer " + os.environ["PORTOLAN_API_KEY"], "Content-Type": "application/json", "If-None-Match": "*"})
    urllib.request.urlopen(request, timeout=30).read()


with pages.check("a model is configured: it can be chosen"):
    put("providers/fake", {"kind": "compatible", "base_url": FAKE})
    for name in ("large", "small"):
        put("models/" + name, {"provider": "fake", "kind": "chat", "remote_name": "fake-1", "preferred": name == "large", "tools": "yes",
                               "context_tokens": 32000, "price_input": 1000000, "price_output": 2000000})
    pages.open("/projects/1/ask")
    pages.see("select[aria-label=Model]", "Standard model (large)")
    pages.choose("select[aria-label=Model]", "small")
with pages.check("its answer has its places, its name, tokens and cost"):
    ask(say([{"text": "It is in [lib/parse.c:3-6].\n\n```c\nint x;\n```\n"}], "Where?"))
    pages.until(lambda: pages.where().startswith("/ask/"), "a conversation")
    answered("lib/parse.c:3-6 [1]")
    pages.see(".meta", "small")
    pages.see(".meta", "tokens in")
    pages.see(".meta", "cost 0.00")
with pages.check("how it was answered: passages, the tool with its arguments and what it said"):
    ask(say([{"tools": [{"id": "a", "name": "references", "arguments": '{"name":"parse_request"}'}]}, {"text": "In [lib/net/http.c:4]."}], "Who?"))
    answered("lib/net/http.c:4")
    pages.driver.script("[...document.querySelectorAll('.work > summary')].at(-1).click()")
    pages.see(".steps", "Used the tool references")
    pages.driver.script("for (const s of document.querySelectorAll('.steps summary')) s.click()")
    pages.see(".steps", '"name": "parse_request"')
    pages.see(".steps", "lib/net/http.c:4")
pages.sound("ask-steps", widths=("desktop",))
with pages.check("what means harm is text, also on the page"):
    ask(say([{"text": "<img src=x onerror=alert(1)> [x](javascript:alert(2)) <script>alert(3)</script> " + "w" * 3000}], "What harm does `parse_request` do?"))
    answered("<script>alert(3)</script>")
    assert not js("document.querySelectorAll('.prose img, .prose script, .prose a[href^=java]').length")
    assert pages.fits()
    pages.see(".turn:last-child .notice", "Nothing is cited")

# --- Stopping, and asking anew ---

with pages.check("an answer half way: a page that is loaded anew has all of it, and stops it; what there was stays"):
    ask(say([{"text": "one two three four five six seven eight", "hold": 4}], "Long?"))
    pages.until(lambda: prose().startswith("one"), "a beginning", 20)
    pages.driver.call("POST", "/refresh", {})
    pages.until(lambda: prose().startswith("one"), "the beginning again", 20)
    pages.click(".composer button", "Stop")
    pages.see(".meta .badge", "stopped", within=20)
    assert "one two three" in prose()
with pages.check("a question is asked otherwise from where it stands"):
    count = js("document.querySelectorAll('.turn').length")
    pages.driver.script("document.querySelector('.turn:last-child [aria-label=\"Edit the question\"]').click()")
    ask(say([{"text": "Now it is short."}], "Short?"), ".edit .question-box")
    answered("Now it is short.")
    assert js("document.querySelectorAll('.turn').length") == count
    pages.see(".turn:last-child .question", "Short?")
with pages.check("the same is asked again"):
    ask(say([{"text": "First."}, {"text": "Second."}], "Again?"))
    answered("First.")
    pages.driver.script("[...document.querySelectorAll('.turn:last-child button')].find(b => b.textContent === 'Retry').click()")
    answered("Second.")
with pages.check("where nothing is streamed the answer is asked for, and comes"):
    pages.driver.devtools("Network.enable")
    pages.driver.devtools("Network.setBlockedURLs", urls=["*/stream"])
    ask(say([{"text": "It came all the same."}], "Streamed?"))
    answered("It came all the same.")
    pages.driver.devtools("Network.setBlockedURLs", urls=[])
with pages.check("a model that cannot be asked: why, and nothing is lost"):
    pages.choose("select[aria-label=Model]", "small")
    ask(say([{"status": 401, "error": {"type": "x", "message": "no"}}], "Broken?"))
    pages.see(".turn:last-child [role=alert]", "No answer came", within=20)
    pages.see(".turn:last-child button", "Retry")

# --- All conversations, and who may only look ---

with pages.check("conversations are found by their title, and deleted when one is sure"):
    pages.open("/ask")
    pages.see(".history li", "What does this project do?")
    api("POST", "/conversations", {"title": "To be deleted"})
    pages.see(".history li", "To be deleted")
    pages.driver.script("document.querySelector('[aria-label*=\"To be deleted\"]').click()")
    pages.click("dialog button", "Delete", exact=True)
    pages.see_no(".history li", "To be deleted")
with pages.check("a conversation is renamed where it stands, by keys alone; Escape keeps what it was called"):
    pages.open("/ask/1")
    pages.see(".page-head h1", "What does this project do?")
    pages.press("r")
    pages.until(lambda: js("document.activeElement.name") == "title", "the box has the focus")
    pages.type(".rename input", "How Wire works")
    pages.press("Enter")
    pages.see(".page-head h1", "How Wire works")
    pages.see(".history li.here", "How Wire works")
    pages.until(lambda: js("document.activeElement.getAttribute('aria-label')") == "Rename the conversation", "the button has it again")
    pages.press("Enter")
    pages.type(".rename input", "Something else")
    pages.press("Escape")
    pages.see(".page-head h1", "How Wire works")
with pages.check("one that somebody else has renamed meanwhile is not renamed before that is told"):
    pages.press("Enter")
    pages.see(".rename", "Rename")
    assert api("PATCH", "/conversations/1", {"title": "Their name"}, {"If-Match": "*"})[0] == 200
    pages.type(".rename input", "My name")
    pages.press("Enter")
    pages.see(".rename [role=alert]", "It is called “Their name” by now")
    pages.press("Enter")
    pages.see(".page-head h1", "My name")
with pages.check("an address with a question asks nothing by itself"):
    pages.open("/ask?q=Where%20is%20it%3F&project=1")
    pages.until(lambda: js("document.querySelector('.question-box')?.value") == "Where is it?", "the question")
    pages.until(lambda: js("document.querySelector('select[aria-label=Project]').value") == "1", "the project")
with pages.check("a viewer reads, and is told what asking needs"):
    pages.driver.call("DELETE", "/cookie")
    pages.sign_in("viewer@example.org", "violets in the morning")
    pages.open("/ask/1")
    pages.see(".prose", "Wire reads requests")
    pages.see(".composer", "Asking needs the role member")
    assert not js("document.querySelectorAll('.question-box, .turn .question button, .history li button').length")
pages.end()
