#!/usr/bin/env node
// Reads iCalendar files as ical.js does (Thunderbird's reader): it knows no zone but the VTIMEZONEs of the file.
// Standard input: one line a file, "PATH FROM TO". Standard output: one line a file, a JSON array of what it lists.
import fs from 'node:fs';
import readline from 'node:readline';
import ICAL from 'ical.js';

const utc = ICAL.Timezone.utcTimezone;

function iso(time) {
  if (time.zone && time.zone.tzid === 'floating') return `floating ${time}`;
  return time.convertToZone(utc).toString();
}

function read(path, from, to) {
  const rows = [];
  const emit = (component, start, end) => {
    const at = iso(start);
    const known = Date.parse(at);
    if (known < from || known >= to) return;   // a floating time is no instant: it is listed, and will not be expected
    const get = name => { const value = component.getFirstPropertyValue(name); return value == null ? null : String(value); };
    rows.push({ uid: get('uid'), start: at, end: iso(end), status: get('status'), summary: get('summary'),
      location: get('location'), sequence: Number(get('sequence') ?? 0) });
  };
  const root = new ICAL.Component(ICAL.parse(fs.readFileSync(path, 'utf8')));
  ICAL.TimezoneService.reset();
  for (const zone of root.getAllSubcomponents('vtimezone')) ICAL.TimezoneService.register(zone);
  const groups = new Map();
  for (const event of root.getAllSubcomponents('vevent')) {
    const uid = event.getFirstPropertyValue('uid');
    if (!groups.has(uid)) groups.set(uid, { masters: [], overrides: [] });
    groups.get(uid)[event.hasProperty('recurrence-id') ? 'overrides' : 'masters'].push(event);
  }
  for (const { masters, overrides } of groups.values()) {
    const taken = new Set();
    for (const master of masters) {
      // Without its own list an event takes every override of the file for one of its own.
      const event = new ICAL.Event(master, { strictExceptions: true, exceptions: overrides });
      if (!event.isRecurring()) { emit(master, event.startDate, event.endDate); continue; }
      const iterator = event.iterator();
      for (let time = iterator.next(), count = 0; time && count < 200000; time = iterator.next(), count++) {
        if (!(Date.parse(iso(time)) <= to + 400 * 864e5)) break;
        const details = event.getOccurrenceDetails(time);
        if (details.item !== event) taken.add(details.item.component);
        emit(details.item.component, details.startDate, details.endDate);
      }
    }
    // An override that no meeting of the rule claimed is a fault of ours: it is listed, and will not be expected.
    for (const override of overrides) {
      if (taken.has(override)) continue;
      const event = new ICAL.Event(override);
      emit(override, event.startDate, event.endDate);
    }
  }
  return rows;
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const [path, from, to] = line.split(' ');
  let answer;
  try { answer = read(path, Date.parse(from), Date.parse(to)); } catch (error) { answer = { error: String(error) }; }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
