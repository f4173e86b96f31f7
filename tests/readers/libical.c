/* Reads iCalendar files with libical (Evolution, GNOME Calendar): it knows no zone but the VTIMEZONEs of the file.
   Standard input: one line a file, "PATH FROM TO". Standard output: one line a file, a JSON array of what it lists.
   libical expands rules and leaves it to its users to put overrides in their places: here as Evolution does, by RECURRENCE-ID. */
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct meeting {
    icalcomponent *event;
    time_t start, end;
};

static struct meeting *found;
static size_t count, room;

static void add(icalcomponent *event, time_t start, time_t end) {
    if (count == room) {
        room = room ? 2 * room : 1024;
        found = realloc(found, room * sizeof *found);
        if (!found) exit(3);
    }
    found[count++] = (struct meeting){event, start, end};
}

static void by_rule(icalcomponent *event, struct icaltime_span *span, void *data) {
    (void)data;
    add(event, span->start, span->end);
}

static time_t instant(struct icaltimetype time) {
    return icaltime_as_timet_with_zone(time, time.zone ? time.zone : icaltimezone_get_utc_timezone());
}

static struct icaltimetype of(icalcomponent *event, icalproperty_kind kind) {
    icalproperty *property = icalcomponent_get_first_property(event, kind);
    return property ? icalproperty_get_datetime_with_component(property, event) : icaltime_null_time();
}

static void text(const char *name, const char *value) {
    printf(",\"%s\":", name);
    if (!value) {
        fputs("null", stdout);
        return;
    }
    putchar('"');
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;
        if (c == '"' || c == '\\') printf("\\%c", c);
        else if (c < ' ') printf("\\u%04x", c);
        else putchar(c);
    }
    putchar('"');
}

/* Where libical knows a zone's name, what it makes of a VTIMEZONE depends on the name (3.0.16: the same block under another name is read
   right): with "_" for "/" it knows none. */
static void rename_zones(char *bytes) {
    const char *names[] = {"TZID", "X-LIC-LOCATION"};
    for (int name = 0; name < 2; name++)
        for (char *at = bytes; (at = strstr(at, names[name])) != NULL;) {
            at += strlen(names[name]);
            if (*at == '=' || *at == ':')
                for (at++; *at && !strchr(":;\r\n", *at); at++)
                    if (*at == '/') *at = '_';
        }
}

static void answer(const char *path, time_t from, time_t to) {
    FILE *file = fopen(path, "rb");
    char *bytes = NULL;
    size_t length = 0, size = 0;
    while (file && !feof(file) && !ferror(file)) {
        if (length + 65536 + 1 > size) bytes = realloc(bytes, size = 2 * size + 131072);
        if (!bytes) exit(3);
        length += fread(bytes + length, 1, 65536, file);
    }
    if (!file || ferror(file)) {
        puts("{\"error\":\"the file could not be read\"}");
        return;
    }
    fclose(file);
    bytes[length] = 0;
    rename_zones(bytes);
    icalcomponent *calendar = icalparser_parse_string(bytes);
    free(bytes);
    if (!calendar || icalcomponent_count_errors(calendar)) {
        printf("{\"error\":\"%d errors of libical\"}\n", calendar ? icalcomponent_count_errors(calendar) : -1);
        if (calendar) icalcomponent_free(calendar);
        return;
    }
    count = 0;
    struct icaltimetype window[] = {icaltime_from_timet_with_zone(from - 86400, 0, icaltimezone_get_utc_timezone()),
                                    icaltime_from_timet_with_zone(to + 86400, 0, icaltimezone_get_utc_timezone())};
    icalcomponent *event;
    for (event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT); event;
         event = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT))
        if (!icalcomponent_get_first_property(event, ICAL_RECURRENCEID_PROPERTY))
            icalcomponent_foreach_recurrence(event, window[0], window[1], by_rule, NULL);
    /* An override stands where its rule has a meeting at the same instant; one that hits none is a fault, and listed. */
    size_t rules = count;
    for (event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT); event;
         event = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT)) {
        if (!icalcomponent_get_first_property(event, ICAL_RECURRENCEID_PROPERTY)) continue;
        time_t original = instant(of(event, ICAL_RECURRENCEID_PROPERTY));
        for (size_t at = 0; at < rules; at++)
            if (found[at].event && found[at].start == original && !strcmp(icalcomponent_get_uid(found[at].event), icalcomponent_get_uid(event)))
                found[at].event = NULL;
        add(event, instant(of(event, ICAL_DTSTART_PROPERTY)), instant(of(event, ICAL_DTEND_PROPERTY)));
    }
    const char *comma = "";
    putchar('[');
    for (size_t at = 0; at < count; at++) {
        if (!found[at].event || found[at].start < from || found[at].start >= to) continue;
        char start[32], end[32];
        strftime(start, sizeof start, "%Y-%m-%dT%H:%M:%SZ", gmtime(&found[at].start));
        strftime(end, sizeof end, "%Y-%m-%dT%H:%M:%SZ", gmtime(&found[at].end));
        event = found[at].event;
        icalproperty *status = icalcomponent_get_first_property(event, ICAL_STATUS_PROPERTY);
        printf("%s{\"sequence\":%d", comma, icalcomponent_get_sequence(event));
        text("start", start);
        text("end", end);
        text("uid", icalcomponent_get_uid(event));
        text("status", status ? icalproperty_get_value_as_string(status) : NULL);
        text("summary", icalcomponent_get_summary(event));
        text("location", icalcomponent_get_location(event));
        putchar('}');
        comma = ",";
    }
    puts("]");
    icalcomponent_free(calendar);
}

int main(void) {
    char line[8192], path[4096], from[64], to[64];
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "%4095s %63s %63s", path, from, to) != 3) return 2;
        /* libical reads the basic form of ISO 8601 only. */
        char *times[] = {from, to};
        for (int at = 0; at < 2; at++) {
            char *to_char = times[at];
            for (const char *c = times[at]; *c; c++)
                if (*c != '-' && *c != ':') *to_char++ = *c;
            *to_char = 0;
        }
        answer(path, icaltime_as_timet(icaltime_from_string(from)), icaltime_as_timet(icaltime_from_string(to)));
        fflush(stdout);
    }
    return 0;
}
