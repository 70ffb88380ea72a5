"""Days as the account's own calendar counts them, and reminders at nine o'clock there."""

from golden.words import Case, account, customer, known, local, sub

PRO = {"plan": "pro", "last_plan": "pro"}
TAGS, LAST_DAYS = "sub:trialing plan:pro", "sub:trialing is:ending-soon plan:pro"
DAY = 86400


def case(name: str, zone: str, starts: str, ends: str, now: str, *, tags: str = TAGS, look: int, reminder: str = "",
         events: str = "", more: tuple[object, ...] = ()) -> Case:  # fmt: skip
    """A trial between two wall clocks; ``reminder``: when there the one that is due was planned."""
    begun, ended = local(starts, zone), local(ends, zone)
    trial = sub("trialing", trial_start=begun, trial_end=ended)
    held = {**PRO, "trial_started_at": begun, "trial_ends_at": ended, **({"has_payment_method": True} if more else {})}
    dated = {"neared-trial-end": local(reminder, zone)} if reminder else {}
    given = known(account(timezone=zone), trial, *more, born=local("2026-01-01T00:00"))
    told = events or " ".join(dated)
    return Case(name, given, "trialing", "full", tags, held, told, look=look, dated=dated, now=local(now, zone))


BERLIN, AUCKLAND, NEW_YORK = "Europe/Berlin", "Pacific/Auckland", "America/New_York"
FROM, TO = "2026-03-01T12:00", "2026-03-15T12:00"
THREE_DAYS_LEFT = local("2026-03-12T12:00")

CASES = [
    case("seven days before, at nine", "UTC", FROM, TO, "2026-03-08T09:00", reminder="2026-03-08T09:00",
         look=local("2026-03-12T09:00")),
    case("a minute before nine", "UTC", FROM, TO, "2026-03-08T08:59", look=local("2026-03-08T09:00")),
    case("three days before, late on the same date: dated as planned", "UTC", FROM, TO, "2026-03-12T23:59",
         reminder="2026-03-12T09:00", tags=LAST_DAYS, look=local("2026-03-14T09:00")),
    case("what a late run finds no longer true is not sent", "UTC", FROM, TO, "2026-03-13T00:00", tags=LAST_DAYS,
         look=local("2026-03-14T09:00")),
    case("one day before, with a card on file", "UTC", FROM, TO, "2026-03-14T09:00", tags=LAST_DAYS,
         reminder="2026-03-14T09:00", look=local(TO), more=(customer(has_payment_method=True),)),
    case("the last day is 0: nothing more is said", "UTC", FROM, TO, "2026-03-15T09:00", tags=LAST_DAYS,
         look=local(TO)),
    case("Auckland: nine o'clock there, a date ahead of UTC", AUCKLAND, "2026-03-02T01:00", "2026-03-16T01:00",
         "2026-03-09T09:00", reminder="2026-03-09T09:00", look=local("2026-03-13T01:00", AUCKLAND)),
    case("the clocks go forward between a reminder and the end", BERLIN, "2026-03-16T12:00", "2026-03-30T12:00",
         "2026-03-29T09:00", reminder="2026-03-29T09:00", tags=LAST_DAYS, look=local("2026-03-30T12:00", BERLIN)),
    case("the clocks go back between two reminders", NEW_YORK, "2026-10-20T12:00", "2026-11-03T00:10",
         "2026-10-31T10:00", reminder="2026-10-31T09:00", tags=LAST_DAYS, look=local("2026-11-02T09:00", NEW_YORK)),
    case("an end at 00:30 belongs to its own date", BERLIN, "2026-03-01T00:30", "2026-03-15T00:30", "2026-03-14T09:00",
         reminder="2026-03-14T09:00", tags=LAST_DAYS, look=local("2026-03-15T00:30", BERLIN)),
    case("a trial of one day that began before nine hears of its last day", "UTC", "2026-03-01T08:00",
         "2026-03-02T08:00", "2026-03-01T10:00", reminder="2026-03-01T09:00", events="started-trial neared-trial-end",
         tags=LAST_DAYS, look=local("2026-03-02T08:00")),
    case("a trial of one day that began after nine skips every reminder", "UTC", "2026-03-01T10:00",
         "2026-03-02T10:00", "2026-03-01T10:00", events="started-trial", tags=LAST_DAYS,
         look=local("2026-03-02T10:00")),
]  # fmt: skip
