"""Signing in, going about, keys, themes."""

import glob
import json
import os
import subprocess

from page import ROOT, Pages, api, owner


def all_scripts():
    """Bytes of all scripts that the newest build made, gzipped, but for the documentation's own."""
    www = os.path.join(ROOT, "build", "www")
    with open(os.path.join(www, "meta.json"), encoding="utf-8") as file:
        made = [os.path.basename(name) for name in json.load(file)["outputs"] if name.endswith(".js")]
    return sum(os.path.getsize(path) for name in made for path in glob.glob(os.path.join(www, "assets", name + ".gz")))


def service(name, act):
    subprocess.run(["sv", "-w", "20", act, os.path.join(os.environ["VAR"], "service", name)], check=True, stdout=subprocess.DEVNULL)


pages = Pages(sign_in=False)
email, password = owner()

with pages.check("nobody is signed in: every address leads to the door, and back"):
    pages.open("/projects?q=x")
    pages.see("h1", "Sign in")
    assert pages.where() == "/sign-in?next=%2Fprojects%3Fq%3Dx", pages.where()
pages.sound("sign-in")
with pages.check("a wrong password is refused, in words"):
    pages.type("input[name=email]", email)
    pages.type("input[name=password]", "not the password")
    pages.press("Enter")
    pages.see("[role=alert]")
    assert pages.where().startswith("/sign-in")
with pages.check("the right one leads to where one wanted to go"):
    pages.type("input[name=password]", password)
    pages.press("Enter")
    pages.see(".bar", "Portolan")
    pages.until(lambda: pages.where() == "/projects?q=x", "the projects")
with pages.check("the first view loads at most 25 kB of script, everything at most 110 kB, gzipped"):
    pages.open("/projects")
    pages.see("h1", "Projects")
    first = pages.js("performance.getEntriesByType('resource').filter(r => r.name.endsWith('.js')).map(r => r.encodedBodySize)")
    print(f"# first view: {sum(first)} bytes in {len(first)} files; all: {all_scripts()} bytes")
    assert 0 < sum(first) <= 25_000, first
    assert all_scripts() <= 110_000, all_scripts()
with pages.check("the palette goes to a screen by a few letters"):
    pages.press("Control+k")
    pages.type(".palette-input", "proj")
    pages.press("Enter")
    pages.see("h1", "Projects")
with pages.check("keys: ? lists them, Escape closes, g p goes"):
    pages.press("?")
    pages.see("dialog", "Go to projects")
    pages.press("Escape")
    pages.see_no("dialog[open]")
    pages.press("g", "p")
    pages.until(lambda: pages.where().startswith("/projects"), "the projects")
with pages.check("an address without a screen says so"):
    pages.open("/projects/1/nothing/here")
    pages.see("h1,h2", "No such page")
with pages.check("the theme is kept"):
    pages.click("button", "Account")
    pages.click("[role=menuitemradio]", "Dark")
    pages.until(lambda: pages.js("getComputedStyle(document.documentElement).colorScheme") == "dark", "a dark page")
    pages.open("/projects")
    pages.until(lambda: pages.js("getComputedStyle(document.documentElement).colorScheme") == "dark", "a dark page")
with pages.check("the server goes away: said; it is back: a change that was made meanwhile is shown"):
    service("nginx", "down")
    pages.see(".offline", "cannot be reached", within=30)
    service("nginx", "up")
    pages.until(lambda: api("POST", "/projects", {"name": "Meanwhile", "repository_url": "https://git.test/m.git"})[0] == 201, "a project", within=30)
    pages.see_no(".offline", within=30)
    pages.see("td a", "Meanwhile", within=30)
with pages.check("signing out ends the session"):
    pages.click("button", "Account")
    pages.click("[role=menuitem]", "Sign out")
    pages.see("h1", "Sign in")
pages.end()
