//! What programs may ask for, as an OpenAPI 3.1 document. The tests hold the server against it.

use serde_json::{Value, json};

use super::publication::Site;
use crate::meeting::series::SeriesId;

/// The document, at `/openapi.json`. `example` is a series that is published.
pub fn document(site: &Site, example: Option<&SeriesId>) -> String {
    let names = Names { community: example.map(|id| &*id.community), series: example.map(|id| &*id.series) };
    let whole = json!({
        "openapi": "3.1.0",
        "info": {
            "title": site.title,
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Meetings, series, open action items and changes of open communities. Times are RFC 3339 in UTC. Everything is public, is read by GET, has an ETag, and changes only when its meaning does.",
        },
        "servers": [{ "url": site.base_url }],
        "paths": {
            "/c/{community}/agenda.json": rows("The meetings of a community, from five weeks ago to a year ahead, in order of start", "agenda", "Meeting", &names),
            "/c/{community}/series.json": rows("The series of a community", "series", "Series", &names),
            "/c/{community}/items.json": rows("Open action items, those of the latest notes first", "items", "Item", &names),
            "/c/{community}/changes.json": rows("What was cancelled, moved, added or restored in the last 400 days, the newest first", "changes", "Change", &names),
            "/c/{community}/changes.atom": file("The same changes as an Atom feed", "changesFeed", "application/atom+xml", &["community"], &names),
            "/c/{community}/announcements.atom": file("What the lists of a community were told in the last 60 days, as an Atom feed", "announcements", "application/atom+xml", &["community"], &names),
            "/changes.atom": file("The changes of all communities as an Atom feed", "allChangesFeed", "application/atom+xml", &[], &names),
            "/feeds/all.ics": file("Every meeting as iCalendar", "allFeed", "text/calendar", &[], &names),
            "/feeds/{community}.ics": file("The meetings of a community as iCalendar", "communityFeed", "text/calendar", &["community"], &names),
            "/feeds/{community}/{series}.ics": file("The meetings of a series as iCalendar", "seriesFeed", "text/calendar", &["community", "series"], &names),
        },
        "components": { "schemas": schemas() },
    });
    format!("{whole:#}\n")
}

/// What stands in an address for a community and a series, for those who try it out.
struct Names<'a> {
    community: Option<&'a str>,
    series: Option<&'a str>,
}

fn rows(summary: &str, id: &str, schema: &str, examples: &Names<'_>) -> Value {
    let content =
        json!({ "application/json": { "schema": { "type": "array", "items": { "$ref": format!("#/components/schemas/{schema}") } } } });
    get(summary, id, &["community"], content, examples)
}

fn file(summary: &str, id: &str, content_type: &str, names: &[&str], examples: &Names<'_>) -> Value {
    get(summary, id, names, json!({ content_type: { "schema": { "type": "string" } } }), examples)
}

fn get(summary: &str, id: &str, names: &[&str], content: Value, examples: &Names<'_>) -> Value {
    let parameters: Vec<Value> = names
        .iter()
        .map(|name| {
            let mut parameter = json!({
                "name": name, "in": "path", "required": true,
                "schema": { "type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,39}$" },
            });
            if let Some(example) = if *name == "series" { examples.series } else { examples.community } {
                parameter["example"] = example.into();
            }
            parameter
        })
        .collect();
    json!({
        "get": {
            "summary": summary, "operationId": id, "parameters": parameters,
            "responses": {
                "200": {
                    "description": "As it stands.",
                    "headers": { "ETag": { "schema": { "type": "string" } }, "Last-Modified": { "schema": { "type": "string" } } },
                    "content": content,
                },
                "304": { "description": "Not changed since it was asked for last." },
                "404": { "description": "There is no such document.", "content": { "text/html": { "schema": { "type": "string" } } } },
                "503": { "description": "Nothing has been published yet.", "content": { "text/html": { "schema": { "type": "string" } } } },
            },
        },
    })
}

fn schemas() -> Value {
    let (text, maybe) = (json!({ "type": "string" }), json!({ "type": ["string", "null"] }));
    let (instant, maybe_instant) =
        (json!({ "type": "string", "format": "date-time" }), json!({ "type": ["string", "null"], "format": "date-time" }));
    let (date, address) = (json!({ "type": "string", "format": "date" }), json!({ "type": ["string", "null"], "format": "uri" }));
    let texts = json!({ "type": "array", "items": text });
    let count = json!({ "type": "integer", "minimum": 0 });
    let changed = object(&[
        ("occurrence", &text),
        ("kind", &json!({ "enum": ["cancelled", "moved", "extra", "restored"] })),
        ("start", &instant),
        ("to", &maybe_instant),
    ]);
    json!({
        "Meeting": object(&[
            ("series", &text), ("occurrence", &text), ("recurrence_id", &instant), ("uid", &text), ("sequence", &count), ("start", &instant),
            ("end", &instant), ("zone", &text), ("local_start", &text), ("status", &json!({ "enum": ["confirmed", "cancelled", "moved", "extra"] })),
            ("moved_from", &maybe_instant), ("title", &text), ("join", &texts), ("notes_url", &address), ("reason", &maybe),
        ]),
        "Series": object(&[
            ("series", &text), ("title", &text), ("description", &maybe), ("rhythm", &texts), ("page", &text), ("next", &text), ("feed", &text),
            ("agenda_url", &address), ("ended", &json!({ "type": ["string", "null"], "format": "date" })),
        ]),
        "Item": object(&[
            ("id", &text), ("series", &text), ("text", &text), ("owners", &texts), ("first", &date), ("last", &date),
            ("meetings", &count), ("url", &address),
        ]),
        "Change": object(&[
            ("id", &text), ("series", &text), ("decided_at", &instant), ("decided_by", &text), ("reason", &maybe),
            ("from_notes", &json!({ "type": "boolean" })), ("meetings", &json!({ "type": "array", "items": changed })),
        ]),
    })
}

/// All of its properties are always there.
fn object(properties: &[(&str, &Value)]) -> Value {
    let map: serde_json::Map<String, Value> = properties.iter().map(|(name, schema)| ((*name).to_owned(), (*schema).clone())).collect();
    let required: Vec<&str> = properties.iter().map(|(name, _)| *name).collect();
    json!({ "type": "object", "properties": map, "required": required, "additionalProperties": false })
}
