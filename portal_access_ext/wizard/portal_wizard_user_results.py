from odoo import _, models


class PortalWizardUser(models.TransientModel):
    """What is saved of what was typed, and what a row shows afterwards."""

    _inherit = "portal.wizard.user"

    def _save_typed(self):
        """Save the typed addresses and ends of access of rows that keep the access they have, or don't.

        :return dict: (outcome, reason) by row
        """
        results = self.filtered(lambda line: line._is_email_typed())._save_typed_emails()
        for line, (outcome, reason) in self.filtered(lambda line: line._is_end_typed())._save_ends().items():
            email_outcome, email_reason = results.get(line, (outcome, ""))
            outcome = "refused" if "refused" in (outcome, email_outcome) else email_outcome
            results[line] = (outcome, " ".join(filter(None, (email_reason, reason))))
        return results

    def _save_typed_emails(self):
        """Save the typed addresses that can be used on the contacts.

        :return dict: (outcome, reason) by row
        """
        typed = self._get_typed_emails()
        verdicts = self.partner_id._portal_access_verdicts(typed)
        outcomes, savable = {}, self.env["res.partner"]
        for line in self:
            verdict = verdicts.get(line.partner_id.id)
            is_foreign = not verdict or verdict.code in ("internal", "other_company", "missing")
            if not is_foreign and verdict.email and verdict.email_code != "taken":
                savable |= line.partner_id
            else:
                reason = verdict and (verdict.reason if is_foreign else verdict.email_reason)
                outcomes[line.partner_id.id] = ("refused", reason or _("This email was not saved."))
        outcomes.update(savable._portal_access_save_typed_emails(verdicts))
        return {line: outcomes[line.partner_id.id] for line in self}

    def _show_results(self, results):
        """Keep what was done with each row, and what its contact is like now, in one statement.

        :param dict results: (outcome, reason) by row
        """
        if not results:
            return
        # sudo: the rows are the caller's own, they were read before. Asking again for rights, which Odoo
        # forgets each time that access changes, costs as much as all the rest.
        results = {line.sudo(): result for line, result in results.items()}
        lines = self.sudo().browse().concat(*results).exists()
        self.env.flush_all()
        # What was done is known. Where nothing was, somebody else may have done something meanwhile.
        unchanged = lines.filtered(lambda line: results[line][0] in ("refused", "saved", "until_set"))
        verdicts = unchanged.partner_id.sudo(False)._portal_access_verdicts()
        rows = []
        for line in lines:
            outcome, reason = results[line]
            verdict = verdicts.get(line.partner_id.id)
            has_access = verdict.code in ("has_access", "internal") if verdict else outcome in ("granted", "invited")
            if outcome == "refused" and line._is_settled(has_access):
                outcome = reason = None
            is_refused = outcome == "refused"
            # What was refused stays as it was typed and ticked, to be mended and applied again.
            rows.append(
                (
                    line.id,
                    line.in_portal if is_refused else has_access,
                    has_access,
                    (line.email if is_refused and line._is_email_typed() else line.partner_id.email) or None,
                    line.partner_id.email or None,
                    (line.access_until if is_refused else line.partner_id.portal_access_until) or None,
                    line.partner_id.portal_access_until or None,
                    outcome,
                    reason,
                    is_refused,
                )
            )
        self.env.cr.execute(
            """
            UPDATE portal_wizard_user line
               SET in_portal = new.in_portal, seen_in_portal = new.seen_in_portal, email = new.email,
                   seen_email = new.seen_email, access_until = new.access_until, seen_until = new.seen_until,
                   outcome = new.outcome, outcome_reason = new.outcome_reason, has_problem = new.has_problem
              FROM unnest(%s, %s, %s, %s::varchar[], %s::varchar[], %s::date[], %s::date[], %s, %s, %s)
                AS new (id, in_portal, seen_in_portal, email, seen_email, access_until, seen_until, outcome,
                        outcome_reason, has_problem)
             WHERE line.id = new.id
            """,
            [list(column) for column in zip(*rows, strict=True)],
        )
        self.invalidate_model()

    def _is_settled(self, has_access):
        """:return bool: whether somebody else did meanwhile what was asked for: no failure, but nothing to do"""
        return (
            self.seen_in_portal != self.in_portal == has_access
            and not self._is_email_typed()
            and not self._is_end_typed()
        )
