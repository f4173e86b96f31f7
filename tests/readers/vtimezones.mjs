// node vtimezones.mjs FILE: evaluates each VTIMEZONE of the file (as tests/times/vtimezones.py writes it) with ical.js, which knows no zone
// but these lines: each wall time must be the instant beside it.
import fs from 'node:fs';
import ICAL from 'ical.js';

let zones = 0, instants = 0, wrong = 0;
for (const line of fs.readFileSync(process.argv[2], 'utf8').split('\n')) {
  const { zone, vtimezone, points } = JSON.parse(line);
  const root = new ICAL.Component(ICAL.parse(`BEGIN:VCALENDAR\r\nVERSION:2.0\r\n${vtimezone}END:VCALENDAR\r\n`));
  const read = new ICAL.Timezone(root.getFirstSubcomponent('vtimezone'));
  zones++;
  let shown = 0;
  for (const [wall, seconds] of points) {
    instants++;
    const time = ICAL.Time.fromDateTimeString(wall);
    time.zone = read;
    if (time.toUnixTime() === seconds) continue;
    wrong++;
    if (shown++ < 3) console.log(`${zone} ${wall}: ${new Date(time.toUnixTime() * 1000).toISOString()} and not ${new Date(seconds * 1000).toISOString()}`);
  }
}
console.log(`${zones} zones, ${instants} instants, ${wrong} wrong`);
process.exit(wrong ? 1 : 0);
