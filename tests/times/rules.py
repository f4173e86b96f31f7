"""Expands rules with python-dateutil in floating time, puts the dates into their zones with zoneinfo, and compares.

Standard input: one line a rule, with tabs: RRULE, first date, hour, zone, window from, window to (UTC), our starts (UTC, commas between).
Standard output: "DIFFERENT …" for each difference that is not explained, "EXPLAINED …" for the others, and one line of figures at the end.

Where dateutil is known to read RFC 5545 (section 3.3.10) otherwise, the RFC's words are carried out by hand below, day by day. A difference is
explained only if its rule is of a kind that `kind` knows, and if the words carried out give what we give.
"""
import sys
from collections import Counter
from datetime import date, datetime, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

FORM = "%Y%m%dT%H%M"
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
DAY = timedelta(days=1)


def parts_of(rule):
    return dict(part.split("=", 1) for part in rule.split(";"))


def numbers(parts, key):
    return [int(text) for text in parts[key].split(",")] if key in parts else None


def instants(dates, hour, zone):
    """Wall times as RFC 5545 section 3.3.5 reads them: fold=0 is the first of two, and the offset before a gap."""
    for day in dates:
        yield datetime.combine(day, hour).replace(tzinfo=zone, fold=0).astimezone(timezone.utc)


def ended(found, parts, zone):
    """Up to UNTIL, that instant (or date in the zone) included."""
    until = parts.get("UNTIL")
    for at in found:
        if until and (at > datetime.strptime(until, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc) if until.endswith("Z")
                      else at.astimezone(zone).strftime("%Y%m%d") > until):
            return
        yield at


def by_dateutil(parts, first, last):
    """COUNT by hand, so that dateutil may be told where the window ends: a rule without dates keeps it busy until the year 9999."""
    rule = ";".join(f"{key}={value}" for key, value in parts.items() if key not in ("UNTIL", "COUNT"))
    dates = [at.date() for at in rrulestr(f"{rule};UNTIL={last:%Y%m%d}T000000", dtstart=datetime.combine(first, datetime.min.time()))]
    return dates[:int(parts.get("COUNT", len(dates)))]


def days(begin, end):
    return [begin + n * DAY for n in range((end - begin).days)]


@cache
def month_of(year, month):
    begin = date(year, month, 1)
    return days(begin, (begin + 31 * DAY).replace(day=1))


@cache
def year_of(year):
    return days(date(year, 1, 1), date(year + 1, 1, 1))


@cache
def weeks_of(year, wkst):
    """The weeks with at least four days in a year, in order."""
    begins = sorted({day - (day.weekday() - wkst) % 7 * DAY for day in year_of(year)})
    return [begin for begin in begins if sum((begin + n * DAY).year == year for n in range(7)) >= 4]


def by_the_words(parts, first, last):
    """RFC 5545, section 3.3.10, carried out: each period whole, each of its days held against each BY part, then BYSETPOS, then DTSTART."""
    frequency, step, wkst = parts["FREQ"], int(parts.get("INTERVAL", 1)), DAYS.index(parts.get("WKST", "MO"))
    months, month_days = numbers(parts, "BYMONTH"), numbers(parts, "BYMONTHDAY")
    year_days, weeks = numbers(parts, "BYYEARDAY"), numbers(parts, "BYWEEKNO")
    positions = numbers(parts, "BYSETPOS")
    weekdays = [(int(text[:-2] or 0), DAYS.index(text[-2:])) for text in parts["BYDAY"].split(",")] if "BYDAY" in parts else None
    # "Information, not contained in the rule, necessary to determine the various recurrence instance start time and dates are derived from
    # the Start Time (DTSTART)."
    if not (weekdays or month_days or year_days or weeks):
        if frequency == "WEEKLY":
            weekdays = [(0, first.weekday())]
        elif frequency == "MONTHLY":
            month_days = [first.day]
        elif frequency == "YEARLY":
            month_days, months = [first.day], months or [first.month]

    def month(day):
        return month_of(day.year, day.month)

    def year(day):
        return year_of(day.year)

    def counted(day, within, wanted):
        """Whether a day is one of the wanted of `within`, from the front or the back."""
        at = within.index(day)
        return any(n == at + 1 or n == at - len(within) for n in wanted)

    def week_of(day):
        return day - (day.weekday() - wkst) % 7 * DAY

    def in_week(day):
        return any(week_of(day) in weeks_of(number, wkst) and counted(week_of(day), weeks_of(number, wkst), weeks)
                   for number in (day.year - 1, day.year, day.year + 1))

    def on_weekday(day):
        for n, weekday in weekdays:
            if day.weekday() != weekday:
                continue
            whole = year(day) if frequency == "YEARLY" and not months else month(day)
            if n == 0 or counted(day, whole[(weekday - whole[0].weekday()) % 7::7], [n]):
                return True
        return False

    def fits(day):
        return ((not months or day.month in months) and (not month_days or counted(day, month(day), month_days))
                and (not year_days or counted(day, year(day), year_days)) and (not weekdays or on_weekday(day)) and (not weeks or in_week(day)))

    def periods():
        if frequency == "DAILY":
            begin = first
            while True:
                yield [begin]
                begin += step * DAY
        if frequency == "WEEKLY":
            begin = week_of(first)
            while True:
                yield days(begin, begin + 7 * DAY)
                begin += step * 7 * DAY
        at = first.year * 12 + first.month - 1
        while True:
            yield month(date(at // 12, at % 12 + 1, 1)) if frequency == "MONTHLY" else year(date(at // 12, 1, 1))
            at += step * (1 if frequency == "MONTHLY" else 12)

    left = int(parts.get("COUNT", 10**9))
    for period in periods():
        if period[0] > last or not left:
            return
        found = [day for day in period if fits(day)]
        if positions:
            found = [day for day in found if counted(day, found, positions)]
        for day in found:
            if day >= first and left:
                left -= 1
                yield day


def kind(parts):
    """What dateutil is known to read otherwise than the RFC, and how."""
    ordinals = {text[:-2] != "" for text in parts.get("BYDAY", "").split(",") if text}
    if len(ordinals) == 2:
        return "plain and numbered days in one BYDAY: dateutil wants a day to be both, the RFC has either"
    if parts["FREQ"] == "WEEKLY" and "BYSETPOS" in parts:
        return "weekly with BYSETPOS: dateutil counts the first week from DTSTART, the RFC from the week's start"
    if "BYWEEKNO" in parts:
        return "BYWEEKNO where weeks cross the year: dateutil knows the neighbours' weeks by 1, -1 and their count only"
    return None


def main():
    figures, kinds = Counter(), Counter()
    for line in sys.stdin:
        rule, first, hour, name, begin, end, ours = line.rstrip("\n").split("\t")
        parts, zone = parts_of(rule), ZoneInfo(name)
        first, hour = date.fromisoformat(first), datetime.strptime(hour, "%H:%M").time()
        begin, end = (datetime.strptime(text, FORM).replace(tzinfo=timezone.utc) for text in (begin, end))
        last = end.date() + timedelta(days=3)

        def window(dates):
            return [at.strftime(FORM) for at in ended(instants(dates, hour, zone), parts, zone) if begin <= at < end]

        ours = ours.split(",") if ours else []
        figures["compared"] += 1
        figures["starts"] += len(ours)
        theirs = window(by_dateutil(parts, first, last))
        if ours == theirs:
            figures["equal"] += 1
            continue
        words = window(by_the_words(parts, first, last))
        explained = kind(parts) if ours == words else None
        figures["explained" if explained else "different"] += 1
        kinds[explained] += 1
        print("EXPLAINED" if explained else "DIFFERENT", rule, first, hour, name, "only ours", [x for x in ours if x not in theirs][:4],
              "only dateutil", [x for x in theirs if x not in ours][:4], "the words agree with us" if ours == words else "the words differ",
              flush=True)
    for explained, count in kinds.items():
        print(f"{count} x {explained}")
    print(", ".join(f"{figures[key]} {key}" for key in ("compared", "starts", "equal", "explained", "different")))


main()
