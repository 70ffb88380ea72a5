"""Every rule of the subscription life, and the lines of the tables (or the tests) that show it."""

from collections.abc import Mapping

from golden.words import day, local

STAGES: Mapping[str, tuple[str, ...]] = {
    "prospect": ("a new account, nothing bought", "an account from before our time keeps what it has"),
    "trial_requested": ("a trial request is accepted", "the trial has begun, the instance is being made"),
    "trialing": (
        "a running trial with its instance",
        "the product's own trial",
        "the hour between the trial's end and the first payment",
    ),
    "trial_expired": (
        "the trial ended without a card: Stripe paused it",
        "the trial was canceled: read only for 14 days",
        "the product's trial date has passed",
        "read only is over",
    ),
    "awaiting_payment": ("the first charge is open",),
    "active": ("the trial was converted yesterday", "a free plan counts as active and brings nothing"),
    "past_due": (
        "a payment failed two days ago: full access is graced for seven",
        "grace is over: read only, the instance runs on",
    ),
    "unpaid": (
        "every retry failed",
        "the last retry failed: read only from the look that saw it, not from the first failure",
    ),
    "paused": ("paused by request", "paused because the last retry failed"),
    "churned": ("a paid subscription ended", "a customer that had paid was deleted in Stripe"),
    "blocked": ("on hold: no access and no marketing tag",),
    "erased": ("erased: nothing is sent to Intercom, the instance goes",),
}

RULES: Mapping[str, tuple[str, ...]] = {
    # Money and time
    "what a clock takes away needs facts fetched in the same look": (
        "mappings/test_life_properties.py::test_whatever_takes_something_away_waits_for_proof",
    ),
    "an unknown status keeps today's access and raises an alert": (
        "a status that nobody has heard of: access stays, staff are told",
        "one of several subscriptions has an unknown status: access stays",
    ),
    "several subscriptions: best access, then worst warning, then newest": (
        "best access leads",
        "equal access: the worst warning leads",
        "equal in all: the newest leads",
    ),
    "of ended subscriptions the one that ended last": (
        "of two that ended, the one that ended last speaks, not the one bought last",
        "the one bought last ended long ago: retention counts from the other one's end",
        "bought after the trial ran out, then left: churned, though the paused trial is still there",
    ),
    "an end or a pause beside a live subscription is not told": (
        "a duplicate that was paid for ends beside a paying subscription: nobody has left",
        "bought beside a running trial, which is then canceled: it converted, nothing expired",
        "the old plan is paused beside a paying subscription: nobody paused",
        "both subscriptions ended: the account left with the last one",
    ),
    "an incomplete subscription changes nothing": (
        "a checkout left open beside a paying subscription changes nothing",
        "a checkout left open after churning changes nothing",
    ),
    "revenue is after discount, by the month, in its currency": (
        "paid by the year: a twelfth a month",
        "yen have no cents",
        "Kuwaiti dinars have a thousand fils",
        "a coupon of 100 % counts as active and brings nothing",
        "mappings/test_stripe_facts.py::test_what_a_subscription_brings_in_a_month",
    ),
    "mixed currencies: the largest, never a sum": ("two currencies: the larger one, never a sum",),
    # Reminders and days
    "reminders at the hour in the account's zone": (
        "seven days before, at nine",
        "a minute before nine",
        "Auckland: nine o'clock there, a date ahead of UTC",
        "the clocks go forward between a reminder and the end",
        "the clocks go back between two reminders",
        "an end at 00:30 belongs to its own date",
    ),
    "a short trial skips reminders": (
        "a trial of one day that began before nine hears of its last day",
        "a trial of one day that began after nine skips every reminder",
    ),
    "of several due only the nearest; the last day is 0": (
        "the last day is 0: nothing more is said",
        "mappings/test_reminders.py::test_the_calendar",
    ),
    "a reminder on its own date only": (
        "three days before, late on the same date: dated as planned",
        "what a late run finds no longer true is not sent",
    ),
    "a moved end is announced anew": ("mappings/test_reminders.py::test_a_moved_end_is_announced_anew",),
    "nobody who cancels, is comped or has paid is reminded": (
        "a trial that will be canceled is not nagged about its end",
        "free of charge, a trial that ends soon is not nagged about",
        "mappings/test_reminders.py::test_who_is_not_reminded",
    ),
    "with a card on file the reminder says that a charge follows": (
        "one day before, with a card on file",
        "mappings/test_reminders.py::test_a_card_on_file_means_that_a_charge_follows",
    ),
    # Trials
    "the oldest request wins, later ones are answered already": (
        "one request starts a trial, the later one is told so",
        "asked again during the trial",
    ),
    "one trial per person": (
        "asked again after the trial",
        "the trial was used by another account of hers",
        "the request's own redemption does not refuse it",
        "mappings/test_redemption.py::test_one_mailbox_has_one_spelling",
    ),
    "a refused trial may start paid, the first payment left open": (
        "the trial was used by another account of hers: a paid subscription is started",
        "asked again after a trial that was canceled: a paid subscription is started",
        "asked again while the own trial is paused: its billing link resumes it",
        "the paid subscription is there, its first payment open",
        "nobody paid for it: it ran out, and the request is answered",
        "acceptance/test_sale.py::test_a_refused_trial_starts_paid_and_nobody_is_charged_unseen",
    ),
    "churned without ever having had a trial may have one": ("churned without ever having had a trial: may have one",),
    "the three trial modes": ("others start trials here", "the product's own trial", "a trial request is accepted"),
    "a request waits for its account, then is refused": (
        "the product may still tell of this account",
        "nobody knows this account",
    ),
    "until the deadline access is none, then a late instance is flagged": (
        "the trial has begun, the instance is being made",
        "the instance is late: the trial runs, staff are told",
    ),
    # Edge cases by their number
    "1 e-mail change": (
        "the product has a new e-mail: Stripe gets it, by id",
        "acceptance/test_identity_changes.py::test_two_people_swap_their_emails",
    ),
    "2 plan change, checkout abandoned": (
        "another plan in the middle of a trial keeps the trial",
        "the first payment was never made and the checkout ran out",
    ),
    "3 several people": ("owner and billing people carry the stage, a colleague does not",),
    "4 several Stripe customers": (
        "several Stripe customers: the one with the running subscription",
        "several Stripe customers without a subscription: the one with a card is proposed",
        "several Stripe customers, nothing tells them apart: the oldest is proposed",
    ),
    "5 cancel and return": (
        "asked to leave: at the end of the period",
        "asked to come back before the end: the cancellation is cleared",
        "asked to come back after the end: a new subscription without trial days",
        "back inside retention: the same instance runs again",
        "back after the instance was deleted: the next generation",
    ),
    "6 refund and dispute": (
        "a refund is told, no stage follows from it",
        "a dispute that needs a response: the tags stay true, no event goes out",
        "a lost dispute blocks: no access, no marketing tag, no event; that money is still collected is said",
        "a dispute that was won is over",
    ),
    "7 past_due to unpaid": (
        "grace is over: read only, the instance runs on",
        "every retry failed",
        "asked to leave while a payment is open: at once",
    ),
    "8 send-invoice": (
        "a sent invoice is overdue: it fails once, on its due date",
        "two sent invoices are open, one is overdue: dates and a count, no retry",
    ),
    "9 comped, lifetime, free, wire-paid": (
        "free of charge, nothing bought",
        "free of charge, and its old subscription cannot be collected",
        "unpaid when we came keeps what it has",
    ),
    "10 test-mode objects": ("cli/test_mistakes.py::test_another_workspace_behind_the_key",),
    "11 deleted by hand": (
        "a customer that never paid was deleted in Stripe",
        "mappings/test_people.py::test_a_deleted_customer_is_never_made_again",
        "connectors/test_intercom_identity.py::test_an_archived_contact_stays_archived",
    ),
    "12 moves to another account, an account gone": (
        "acceptance/test_identity_changes.py::test_a_person_moves_to_another_account",
        "an account gone from the product with a running subscription: access stays, staff are told",
    ),
    "13 one person under two accounts": ("the trial was used by another account of hers",),
    "14 charges": (
        "a charge within the limit",
        "a charge in yen: no cents to invent",
        "a charge above the limit is held",
        "a charge in another currency",
    ),
    # Details
    "ended without ever paying": (
        "a trial canceled midway ends without a word of churn",
        "ended without a trial and without ever paying",
    ),
    "adopted accounts keep their access": (
        "churned before our time: the tag is true, access stays",
        "unpaid before our time: the tag is true, access stays",
        "expired before our time: the tag is true, access stays",
        "paused before our time: the tag is true, access stays",
        "past due since before our time: grace starts with us",
        "unpaid when we came and canceled since: never seen paying, it keeps what it has",
        "paying when we came, unpaid and canceled since: it ends",
    ),
    "read-only clocks start at the look that saw the state": (
        "an expired trial stays readable from the look that saw it",
        "the last retry failed: read only from the look that saw it, not from the first failure",
    ),
    "the first payment ever converts, a later one reactivates": (
        "bought long after the trial had expired: still the first payment",
        "came back after churning",
    ),
    "a failed payment per attempt": (
        "the second attempt failed: the look that saw it dates it, the first is long told",
        "found at its third attempt: nobody saw when it was made",
    ),
    "excluded accounts get no trial": ("an account left alone",),
    "nothing to act on, or no card: refused": ("asked to come back after the end, without a card",),
    "a price that no plan maps keeps its tag": (
        "a price that no plan maps: the plan tag stays as it is, staff are told",
        "mappings/test_people.py::test_the_tag_of_a_plan_stays_while_no_plan_maps_the_price",
    ),
    "plan is cleared at churn and expiry, last_plan stays": ("a paid subscription ended", "read only is over"),
    "winning back": ("mappings/test_details.py::test_win_back_steps_are_reached_and_end",),
    # From a card to a sale
    "where the billing link leads": (
        "the link of a prospect leads to Checkout",
        "the link of a trial leads to its payment method",
        "the link of a paused trial asks for consent",
        "the link of a canceled trial leads to Checkout",
        "a first payment that is open comes before buying anew",
        "the first payment is open: the link leads to its invoice",
        "on hold: the link offers nothing",
    ),
    "a consent lasts a day": ("a consent waits for a card, a day at most", "a consent of yesterday is over"),
    "no more than agreed": (
        "a consent and a card: resumed",
        "Stripe would charge more than was agreed to: the consent is answered",
        "acceptance/test_sale.py::test_never_more_than_agreed_and_agreed_anew_at_once",
        "acceptance/test_sale.py::test_after_a_refusal_the_button_works_again",
    ),
    "the only payment method becomes the default": ("a card beside no default becomes the default",),
    "a late instance moves the trial end": ("the instance was a day late: the trial ends a day later",),
    "retention": (
        "churned 29 days ago: the instance is kept for thirty",
        "acceptance/test_instance_life.py::test_deleted_after_retention_and_a_new_one_for_who_comes_back",
    ),
    "erasure": (
        "erased: the people and the company go, and the customer where the policy says so",
        "erased: the customer is kept where the policy says so",
    ),
    "who leaves does not wait": (
        "mappings/test_request_rules.py::test_who_leaves_or_stays_does_not_wait_for_a_charge_or_a_longer_trial",
    ),
    "Checkout names the account": ("acceptance/test_checkouts.py::test_before_us_and_while_we_run",),
    "the name of an instance": ("mappings/test_product_facts.py::test_the_name_of_an_instance_is_safe_and_its_own",),
}

# An event, a line that tells of it, and the second it is dated with.
EVENTS: Mapping[str, tuple[str, int]] = {
    "started-trial": ("a running trial without a provisioner, card on file", day(-2)),
    "provisioned-instance": ("a running trial with its instance", day(-2)),
    "neared-trial-end": (
        "three days before, late on the same date: dated as planned",
        local("2026-03-12T09:00"),
    ),
    "converted-trial": ("the trial was converted yesterday", day(-1)),
    "reactivated-subscription": ("came back after churning", day(-1)),
    "expired-trial": ("the trial ended without a card: Stripe paused it", day(-2)),
    "added-payment-method": ("a card was added during the trial", day(-1)),
    "failed-payment": ("a payment failed two days ago: full access is graced for seven", day(-2)),
    "exhausted-retries": (
        "the last retry failed: read only from the look that saw it, not from the first failure",
        day(-1),
    ),
    "refunded-charge": ("a refund is told, no stage follows from it", day(-1)),
    "recovered-payment": ("a failed payment was made after all", day(-1)),
    "scheduled-cancellation": ("a paying customer that gave notice yesterday", day(-1)),
    "kept-subscription": ("notice was given and taken back", day(-1)),
    "canceled-subscription": ("a paid subscription ended", day(-1)),
    "paused-subscription": ("paused by request", day(-1)),
    "resumed-subscription": ("a pause has ended", day(-1)),
}
