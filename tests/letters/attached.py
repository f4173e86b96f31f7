"""Reads letters by Python's own mail parser, and what is attached by icalendar; compares with the feed. Prints one JSON object a letter."""

import email
import email.policy
import json
import sys

import icalendar


def events(calendar):
    found = {}
    for event in calendar.walk("VEVENT"):
        rid = event.get("RECURRENCE-ID")
        rid = rid.dt.astimezone(__import__("datetime").timezone.utc).isoformat() if rid else None
        found[(str(event["UID"]), rid)] = event
    return found


feed = events(icalendar.Calendar.from_ical(open(sys.argv[1], "rb").read()))
for path in sys.argv[2:]:
    message = email.message_from_bytes(open(path, "rb").read(), policy=email.policy.default)
    parts = list(message.iter_parts()) if message.is_multipart() else [message]
    said = {
        "kind": message["X-Convened-Kind"],
        "type": message.get_content_type(),
        "parts": [part.get_content_type() for part in parts],
        "defects": [str(defect) for part in [message, *parts] for defect in part.defects],
        "size": len(open(path, "rb").read()),
        "body": message.get_body(("plain",)).get_content(),
        "events": [],
    }
    for part in parts[1:]:
        said["parameters"] = dict(part["Content-Type"].params)
        said["disposition"] = part.get_content_disposition()
        content = part.get_content()
        calendar = icalendar.Calendar.from_ical(content)
        said["method"] = str(calendar["METHOD"])
        zones = {str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")}
        for (uid, rid), event in events(calendar).items():
            of_feed = feed.get((uid, rid), feed.get((uid, None)))
            named = {p.params["TZID"] for p in (event["DTSTART"], event["DTEND"], event.get("RECURRENCE-ID")) if p is not None and "TZID" in p.params}
            said["events"].append({
                "rid": rid,
                "in_feed": of_feed is not None,
                "same_sequence": of_feed is not None and int(event["SEQUENCE"]) == int(of_feed["SEQUENCE"]),
                "same_stamp": of_feed is not None and event["DTSTAMP"].dt == of_feed["DTSTAMP"].dt,
                "start": event["DTSTART"].dt.astimezone(__import__("datetime").timezone.utc).isoformat(),
                "status": str(event["STATUS"]),
                "organizer": str(event.get("ORGANIZER")),
                "attendees": "ATTENDEE" in event,
                "zones": named <= zones,
            })
    print(json.dumps(said))
