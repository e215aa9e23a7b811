from datetime import timedelta

from odoo.tests import tagged

from ..controllers.portal_subscription import CHANGES_PER_HOUR, TEXT_MAX
from .test_subscription_pages import SubscriptionPageCase


@tagged("post_install", "-at_install")
class TestSubscriptionClosePages(SubscriptionPageCase):
    """What customers see and click when they ask to close a subscription."""

    def test_a_customer_asks_and_takes_it_back(self):
        self.sign_in(self.colleague)
        self.assertIn(self.reason.name, self.text_of(self.url(suffix="/close")))
        response = self.post_close()
        self.assertIn("done=asked", response.headers["Location"])
        self.assertEqual(self.subscription.portal_close_partner_id, self.colleague)
        self.assertEqual(self.subscription.portal_close_text, "Too much tea")
        text = self.text_of(response.headers["Location"])
        for part in ("You asked to close this subscription", self.colleague.name, "Keep this subscription"):
            self.assertIn(part, text)
        self.assertNotIn("Close subscription", text)
        again = self.post_close()
        self.assertIn("done=asked", again.headers["Location"], "a double click is no mistake")
        self.assertEqual(len(self.subscription.activity_ids), 1)
        self.sign_in(self.anna)
        self.assertIn("done=kept", self.post(self.url(suffix="/keep")).headers["Location"])
        self.assertIn("done=gone", self.post(self.url(suffix="/keep")).headers["Location"])
        self.assertFalse(self.subscription.portal_close_state)

    def test_each_setting_says_what_it_does_and_does_it(self):
        self.sign_in(self.anna)
        for setting, before, button, after in (
            ("activity", "come back to you", "Ask to close it", "It goes on until we have answered you"),
            ("period_end", "until the end of the period", "Close it at the end of the period", "the paid period, on"),
            ("now", "closed at once", "Close it now", "Closed"),
        ):
            self.set_close(setting)
            subscription = self.make_subscription(self.anna)
            self.env.flush_all()
            text = self.text_of(self.url(subscription, "/close"))
            self.assertIn(before, text)
            self.assertIn(button, text)
            outlook = str(self.next_date) if setting == "period_end" else setting
            location = self.post_close(subscription, outlook=outlook).headers["Location"]
            self.assertIn(after, self.text_of(location))
        self.assertIn("done=asked", self.post_close(subscription, outlook="now").headers["Location"])
        self.assertNotIn("Keep this subscription", self.text_of(self.url(subscription)))

    def test_a_setting_that_has_changed_meanwhile_is_told_first(self):
        self.sign_in(self.anna)
        self.set_close("now")
        self.env.flush_all()
        response = self.post_close(outlook="activity")
        self.assertIn("has changed since you opened this page", response.text)
        self.assertIn("closed at once", response.text)
        self.assertFalse(self.subscription.portal_close_state)

    def test_a_date_that_has_moved_meanwhile_is_told_first(self):
        self.sign_in(self.anna)
        self.set_close("period_end")
        agreed = str(self.next_date)
        for next_date, said in (
            (self.next_date + timedelta(days=30), "can take this back until then"),
            (self.today, "closed at once"),
        ):
            self.subscription.recurring_next_date = next_date
            self.env.flush_all()
            for outlook in (agreed, "", "activity", "period_end"):
                response = self.post_close(outlook=outlook)
                self.assertIn("has changed since you opened this page", response.text)
                self.assertIn(said, " ".join(response.text.split()))
                self.assertFalse(self.subscription.portal_close_state)
        self.subscription.recurring_next_date = self.next_date
        self.env.flush_all()
        self.assertIn("done=asked", self.post_close(outlook=agreed).headers["Location"])
        self.assertEqual(self.subscription.portal_close_date, self.next_date)

    def test_what_is_wrong_is_said_at_the_field_and_what_was_typed_stays(self):
        self.sign_in(self.anna)
        for reason in ("", "0", "-1", "abc", "9" * 5000, str(2**40), "1.5"):
            response = self.post_close(reason=reason, text="Kept <b>words</b>")
            self.assertEqual(response.status_code, 200)
            self.assertIn("Choose a reason.", response.text)
            self.assertIn("Kept &lt;b&gt;words&lt;/b&gt;", response.text)
        response = self.post_close(text="x" * (TEXT_MAX + 1))
        self.assertIn('id="portal_text_error"', response.text)
        self.assertFalse(self.subscription.portal_close_state)

    def test_without_reasons_none_is_asked_for(self):
        self.env["sale.subscription.close.reason"].search([]).unlink()
        self.env.flush_all()
        self.sign_in(self.anna)
        self.assertNotIn('name="reason"', self.get(self.url(suffix="/close")).text)
        self.post_close(reason="")
        self.assertEqual(self.subscription.portal_close_state, "asked")

    def test_who_tries_often_has_to_wait(self):
        self.sign_in(self.anna)
        for _attempt in range(CHANGES_PER_HOUR // 2):
            self.post_close()
            self.post(self.url(suffix="/keep"))
        response = self.post_close()
        self.assertIn("too often", response.text)
        self.assertFalse(self.subscription.portal_close_state)

    def test_the_discussion_says_who_did_what(self):
        self.sign_in(self.colleague)
        self.post_close()
        self.post(self.url(suffix="/keep"))
        comments = self.comments()
        self.assertEqual(comments.author_id, self.colleague)
        self.assertEqual(len(comments), 2)
        self.assertTrue(all(not comment.is_internal for comment in comments), "they are shown to the customer")
