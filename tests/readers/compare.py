"""Compares what other calendar programs list with `agenda --json`, for each published step of each invented community.

usage: compare.py FOLDER PROGRAMS    (as tests/readers/main.rs writes the one and tests/readers/run the other; that calls this)
Prints each difference, and at the end one line of figures; exit 1 where there is a difference.
"""
import json
import os
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from zoneinfo import reset_tzpath

import hours

HERE = os.path.dirname(os.path.abspath(__file__))


class Reader:
    """A long-lived process that is given file names. `says` are the fields of a row that it reports as we mean them, `forms` what it reads."""

    def __init__(self, name, command, says=(), forms=("", ".show", ".drop", ".utc"), **environment):
        self.name, self.says, self.forms = name, says, forms
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
                                        env={**os.environ, **environment})

    def read(self, path, window):
        self.process.stdin.write(f"{path} {window}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def lint(path):
    """What is wrong on the wire (RFC 5545), as sentences."""
    data = open(path, "rb").read()
    found = []
    if re.search(rb"(?<!\r)\n|\r(?!\n)", data):
        found.append("a line does not end in CRLF")
    if not data.endswith(b"END:VCALENDAR\r\n"):
        found.append("the file does not end as it must")
    for number, line in enumerate(data.split(b"\r\n"), 1):
        if len(line) > 75:
            found.append(f"line {number} has {len(line)} octets")
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            found.append(f"line {number} is folded inside a character")
        if re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", line):
            found.append(f"line {number} holds a control character")
    flat = data.decode("utf-8", "replace").replace("\r\n ", "")
    used, have = set(re.findall(r";TZID=([^\";:]+)", flat)), re.findall(r"(?m)^TZID:(.*?)\r$", flat)
    if used != set(have) or len(have) != len(set(have)):
        found.append(f"zones used {sorted(used)}, described {sorted(have)}")
    if re.search(r"(?m)^(RDATE|METHOD|ATTENDEE|DURATION)[;:]|THISANDFUTURE|VALUE=DATE:|COUNT=", flat):
        found.append("something stands in it that may never be published")
    seen, masters = {}, {}
    for number, event in enumerate(re.findall(r"(?s)BEGIN:VEVENT\r\n(.*?)END:VEVENT", flat), 1):
        lines = event.split("\r\n")
        named = lambda name: [line for line in lines if re.match(rf"{name}[;:]", line)]
        for name in ("UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "SEQUENCE", "LAST-MODIFIED", "STATUS"):
            if len(named(name)) != 1:
                found.append(f"event {number} has {len(named(name))} {name}")
        uid, rid = named("UID")[0], (named("RECURRENCE-ID") or [""])[0]
        if (uid, rid) in seen:
            found.append(f"event {number} repeats event {seen[uid, rid]}: {uid} {rid}")
        seen[uid, rid] = number
        form = re.sub(r"\d{8}T\d{6}", "#", named("DTSTART")[0].split("DTSTART")[1])
        if not rid:
            masters[uid] = form
        elif masters.get(uid) != re.sub(r"\d{8}T\d{6}", "#", rid.split("RECURRENCE-ID")[1]):
            found.append(f"event {number}: its RECURRENCE-ID is not in the form of its rule's DTSTART, or its rule does not stand before it")
        for line in named("EXDATE"):
            if re.sub(r"\d{8}T\d{6}", "#", line.split("EXDATE")[1]) != form:
                found.append(f"event {number}: {line} is not in the form of DTSTART")
        if re.search(r"UNTIL=\d{8}T\d{6}(?!Z)", event):
            found.append(f"event {number}: UNTIL is not in UTC")
    return found


def expected(rows, form):
    """What a reader should list of the agenda in a form of the feed."""
    for row in rows:
        cancelled = row["status"] == "cancelled"
        if cancelled and form == ".drop":
            continue
        title = "CANCELLED: " + row["title"] if cancelled else row["title"]
        yield {"start": row["start"], "uid": row["uid"], "end": row["end"], "status": "CANCELLED" if cancelled and form in ("", ".utc") else "CONFIRMED",
               "summary": title, "moved": row["status"] == "moved", "location": row["join"][0] if row["join"] else None,
               "conference": row["join"],
               # What a form leaves out, or spells out, is a matter of the rule's event there: its SEQUENCE is higher by design.
               "sequence": None if form in (".drop", ".utc") else row["sequence"]}


def listed(rows, form, known):
    for row in rows:
        # An extra meeting that was taken back, or a rule that ended before it began, is no meeting any more; a feed says so for a while.
        if row["uid"] not in known and row["summary"].startswith("CANCELLED: "):
            continue
        title = re.sub(r" \(moved from \w+ \d+ \w+\)$", "", row["summary"])
        link = row["location"] if row["location"] and "video.example.org" in row["location"] else None
        yield {**row, "summary": title, "moved": title != row["summary"], "location": link,
               "conference": [url for url in row.get("conference", []) if not url.startswith("tel:")],
               "sequence": None if form in (".drop", ".utc") else row["sequence"]}


ALWAYS = ("start", "uid", "end", "status", "summary", "moved", "location")


def bare(row, says):
    return tuple(tuple(value) if isinstance(value, list) else value for value in (row[field] for field in ALWAYS + says))


def at(text):
    return datetime.fromisoformat(text)


# Differences that are a reader's own fault, by kind: given the agenda, which rows may differ. None is known now.
KNOWN = {}


class Figures:
    def __init__(self):
        self.feeds, self.meetings, self.different, self.known, self.said = 0, 0, 0, 0, []


def compare(reader, feeds):
    """What one reader lists of all feeds, against the agenda."""
    figures = Figures()
    for feed, form, window, agenda in feeds:
        if form not in reader.forms:
            continue
        figures.feeds += 1
        answer = reader.read(feed, window)
        if isinstance(answer, dict):
            figures.different += 1
            figures.said.append(f"{feed}: {reader.name}: {answer['error']}")
            continue
        want = Counter(bare(row, reader.says) for row in expected(agenda, form))
        got = Counter(bare(row, reader.says) for row in listed(answer, form, {row["uid"] for row in agenda}))
        figures.meetings += got.total()
        sides = [("we say", want - got), (reader.name, got - want)]
        excused = KNOWN[reader.name](agenda) if reader.name in KNOWN and any(rows for _, rows in sides) else lambda row: False
        for who, rows in sides:
            own = sorted((row for row in rows.elements() if not excused(row)), key=repr)
            figures.different += len(own)
            figures.known += rows.total() - len(own)
            figures.said.extend(f"{feed}: only {who}: {row}" for row in own[:3])
    return figures


def spelled(path, name, window, agenda):
    """A series meeting by meeting: each under a UID of its own, for a year."""
    begin = at(window.split()[0])
    end = begin + timedelta(days=25 + 50 * 7)
    series = "story/" + name.split(".")[0]
    own = lambda row: row["uid"] if "-extra-" in row["uid"] or f"-{row['occurrence']}@" in row["uid"] else row["uid"].replace("@", f"-{row['occurrence']}@")
    rows = [{**row, "uid": own(row)} for row in agenda if row["series"] == series and at(row["start"]) < end]
    return os.path.join(path, name), ".utc", f"{window.split()[0]} {end:%Y-%m-%dT%H:%M:%SZ}", rows


def main(folder, programs):
    reset_tzpath([])
    python = sys.executable
    data = os.path.abspath(os.path.join(programs, "zoneinfo"))
    readers = [
        Reader("ical.js", ["node", os.path.join(HERE, "ical.mjs")], ("sequence",)),
        # recurring-ical-events gives each meeting the highest SEQUENCE of its series.
        Reader("python, zone names", [python, os.path.join(HERE, "ical.py")], PYTHONTZPATH=""),
        Reader("python, VTIMEZONE", [python, os.path.join(HERE, "ical.py"), "--vtimezone"], forms=("",), PYTHONTZPATH=""),
        Reader("KCalendarCore", [os.path.join(programs, "kcal")], ("sequence", "conference"), TZDIR=data, LC_ALL="C.UTF-8"),
        Reader("libical", [os.path.join(programs, "libical")], ("sequence",), LC_ALL="C.UTF-8"),
    ]
    feeds, findings = [], 0
    for step in sorted(os.listdir(folder)):
        path = os.path.join(folder, step)
        window = open(os.path.join(path, "window")).read().strip()
        agenda = [json.loads(line) for line in open(os.path.join(path, "agenda.jsonl"), encoding="utf-8")]
        # The form that shows is the first one but for a word: every third step tells as much.
        forms = ("", ".show", ".drop") if step.endswith(("2", "5", "8")) else ("", ".drop")
        feeds.extend((os.path.join(path, f"feed{form}.ics"), form, window, agenda) for form in forms)
        if step.endswith("9"):
            feeds.extend(spelled(path, name, window, agenda) for name in os.listdir(path) if name.endswith(".utc.ics"))
    looked = 0
    for feed, form, window, agenda in feeds:
        cities = json.load(open(os.path.join(os.path.dirname(feed), "cities.json"), encoding="utf-8"))
        count, wrong = hours.check(feed, agenda, cities, at(window.split()[0]) + timedelta(days=25)) if form == "" else (0, [])
        looked += count
        for sentence in lint(feed) + wrong[:3]:
            findings += 1
            print(f"{feed}: {sentence}")
    print(f"{looked} hours in other cities looked at")
    with ThreadPoolExecutor(len(readers)) as side_by_side:
        answers = list(side_by_side.map(lambda reader: compare(reader, feeds), readers))
    for reader, figures in zip(readers, answers):
        for sentence in figures.said[:20]:
            print(sentence)
        print(f"{reader.name}: {figures.feeds} feeds, {figures.meetings} meetings listed, {figures.different} different, {figures.known} by its own known fault")
    different = sum(figures.different for figures in answers)
    print(f"{len(feeds)} feeds, {len(readers)} readers, {different} different, {findings} findings on the wire")
    return 1 if different or findings or not feeds else 0


sys.exit(main(*sys.argv[1:]))
