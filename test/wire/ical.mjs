// Reads a calendar as other programs do, with ical.js, and tells what happens in a time.
//
//   node ical.mjs FROM TO < calendar.ics
//
// It knows no zone but those that the calendar says. It prints a line for each time that something happens: when it
// begins, when it ends, and its title.
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

const [from, to] = process.argv.slice(2).map((text) => new Date(text));
const calendar = new ICAL.Component(ICAL.parse(readFileSync(0, "utf8")));
for (const zone of calendar.getAllSubcomponents("vtimezone")) {
  ICAL.TimezoneService.register(zone);
}

const events = calendar.getAllSubcomponents("vevent").map((component) => new ICAL.Event(component));
const series = events.filter((event) => !event.isRecurrenceException());
for (const exception of events.filter((event) => event.isRecurrenceException())) {
  series.find((event) => event.uid === exception.uid).relateException(exception);
}

const show = (time) => (time.isDate ? time.toString() : time.toJSDate().toISOString());
const lines = [];
const tell = (start, end, title) => {
  if (start.toJSDate() >= from && start.toJSDate() < to) {
    lines.push(`${show(start)} ${show(end)} ${title}`);
  }
};
for (const event of series) {
  if (!event.isRecurring()) {
    tell(event.startDate, event.endDate, event.summary);
    continue;
  }
  const iterator = event.iterator();
  for (let next = iterator.next(); next && next.toJSDate() < to; next = iterator.next()) {
    const { startDate, endDate, item } = event.getOccurrenceDetails(next);
    tell(startDate, endDate, item.summary);
  }
}
console.log(lines.sort().join("\n"));
