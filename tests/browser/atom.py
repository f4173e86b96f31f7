# Reads Atom feeds as a feed reader does, and holds them against RFC 4287: usage: atom.py BASE PATH=LEAST…, each with so many entries at least.
import sys
import urllib.request
from datetime import datetime
from urllib.parse import urlparse
from xml.etree import ElementTree

import feedparser

ATOM = "{http://www.w3.org/2005/Atom}"
faults = []


def once(of, name, where):
    found = of.findall(ATOM + name)
    if len(found) != 1:
        faults.append(f"{where}: {len(found)} of <{name}>")
    return found[0].text or "" if found else ""


def check(base, path, least):
    with urllib.request.urlopen(base + path) as answer:
        kind, text = answer.headers.get_content_type(), answer.read()
    if kind != "application/atom+xml":
        faults.append(f"{path}: is sent as {kind}")
    read = feedparser.parse(text)
    if read.bozo or read.version != "atom10":
        faults.append(f"{path}: {read.version}, {read.get('bozo_exception')}")
    if len(read.entries) < least:
        faults.append(f"{path}: {len(read.entries)} entries")
    root = ElementTree.fromstring(text)
    links = {link.get("rel"): link.get("href") for link in root.findall(ATOM + "link")}
    if links.get("self") != base + path:
        faults.append(f"{path}: says it stands at {links.get('self')}")
    ids = []
    # RFC 4287, 4.1.1 and 4.1.2: what stands in a feed and in an entry, and how often.
    for of in [root, *root.findall(ATOM + "entry")]:
        where = f"{path} {of.tag.removeprefix(ATOM)}"
        ids.append(once(of, "id", where))
        once(of, "title", where)
        for moment in [once(of, "updated", where)] + ([once(of, "published", where)] if of is not root else []):
            if datetime.fromisoformat(moment.replace("Z", "+00:00")).utcoffset() is None:
                faults.append(f"{where}: {moment}")
        if not any(link.get("rel") == "alternate" for link in of.findall(ATOM + "link")):
            faults.append(f"{where}: leads nowhere")
        if of is not root:
            once(of, "content", where)
    if len(set(ids)) != len(ids) or not all(urlparse(one).scheme == "tag" for one in ids):
        faults.append(f"{path}: ids {ids}")
    if root.find(f"{ATOM}author/{ATOM}name") is None:
        faults.append(f"{path}: nobody is its author")
    print(f"{path}: {len(read.entries)} entries")


base = sys.argv[1]
for one in sys.argv[2:]:
    path, least = one.split("=")
    check(base, path, int(least))
print("\n".join(faults))
sys.exit(bool(faults))
