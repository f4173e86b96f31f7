// Reads iCalendar files as KDE does (KCalendarCore: KOrganizer, Merkuro, the clock of Plasma): it knows zones by their names.
// Standard input: one line a file, "PATH FROM TO". Standard output: one line a file, a JSON array of what it lists.
// Zone data are read from the folder in TZDIR where that is set: Qt 5 itself knows no folder but the system's.
#include <KCalendarCore/Event>
#include <KCalendarCore/ICalFormat>
#include <KCalendarCore/MemoryCalendar>
#include <KCalendarCore/OccurrenceIterator>
#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTextStream>
#include <QTimeZone>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

// What Qt calls to open a file, looked up here first.
extern "C" int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const int mode = va_arg(rest, int);
    va_end(rest);
    const char *system = "/usr/share/zoneinfo/", *own = std::getenv("TZDIR");
    if (own && std::strncmp(path, system, std::strlen(system)) == 0) {
        const std::string moved = std::string(own) + "/" + (path + std::strlen(system));
        return static_cast<int>(syscall(SYS_openat, AT_FDCWD, moved.c_str(), flags, mode));
    }
    return static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

using namespace KCalendarCore;

static QString iso(const QDateTime &time) {
    if (time.timeSpec() == Qt::LocalTime) return QStringLiteral("floating ") + time.toString(Qt::ISODate);
    return time.toUTC().toString(QStringLiteral("yyyy-MM-ddTHH:mm:ssZ"));
}

static QByteArray read(const QString &path, const QDateTime &from, const QDateTime &to) {
    MemoryCalendar::Ptr calendar(new MemoryCalendar(QTimeZone::utc()));
    ICalFormat format;
    if (!format.load(calendar, path)) return R"({"error":"the file was refused"})";
    QJsonArray rows;
    // It looks where a meeting was to be by its rule; a moved one may come from outside the window.
    OccurrenceIterator occurrences(*calendar, from.addDays(-100), to.addDays(100));
    while (occurrences.hasNext()) {
        occurrences.next();
        const auto event = occurrences.incidence().dynamicCast<Event>();
        if (!event) continue;
        const QDateTime start = occurrences.occurrenceStartDate(), end = event->endDateForStart(start);
        if (start < from || start >= to) continue;
        const auto status = event->status();
        QJsonArray conferences;
        for (const auto &conference : event->conferences()) conferences.append(conference.uri().toString());
        const QString location = event->location();
        rows.append(QJsonObject{
            {QStringLiteral("uid"), event->uid()},
            {QStringLiteral("start"), iso(start)},
            {QStringLiteral("end"), iso(end)},
            {QStringLiteral("status"), status == Incidence::StatusCanceled ? QStringLiteral("CANCELLED")
                 : status == Incidence::StatusConfirmed ? QStringLiteral("CONFIRMED") : QStringLiteral("other")},
            {QStringLiteral("summary"), event->summary()},
            {QStringLiteral("location"), location.isEmpty() ? QJsonValue() : QJsonValue(location)},
            {QStringLiteral("sequence"), event->revision()},
            {QStringLiteral("conference"), conferences},
        });
    }
    return QJsonDocument(rows).toJson(QJsonDocument::Compact);
}

int main(int argc, char **argv) {
    QCoreApplication application(argc, argv);
    QTextStream in(stdin), out(stdout);
    for (QString line = in.readLine(); !line.isNull(); line = in.readLine()) {
        const QStringList words = line.split(QLatin1Char(' '));
        if (words.size() != 3) return 2;
        const auto instant = [](const QString &text) { return QDateTime::fromString(text, Qt::ISODate); };
        out << QString::fromUtf8(read(words[0], instant(words[1]), instant(words[2]))) << '\n';
        out.flush();
    }
}
