from lxml import html
from markupsafe import Markup
from psycopg2 import OperationalError

from odoo import _, api, models
from odoo.exceptions import UserError


class MailTemplate(models.Model):
    _inherit = "mail.template"

    @api.model
    def _portal_access_get(self, xmlid, name=None):
        """Find a template of ours.

        :param str name: what it is called, for those who deleted it
        :raise UserError: if somebody deleted it
        """
        template = self.env.ref(xmlid, raise_if_not_found=False)
        if not template:
            raise UserError(_("The mail template %s was deleted.", name or xmlid))
        return template

    def _portal_access_prepare_mails(self, records, envelope, layout=None):
        """Render a mail for each record, in the language that the template has for it.

        :param records: records of the template's model, in whose environment it is rendered
        :param envelope: function of a record that returns whom to write to, who writes if the template does not
            say so, and the contact who is the author
        :param str layout: the view to put around the texts
        :return list: the values of each `mail.mail`
        """
        values_list = []
        for _lang, (template, ids) in self.with_env(records.env)._classify_per_lang(records.ids).items():
            bodies = template._portal_access_render_bodies(ids)
            values_by_id = template._generate_template(
                ids, ["subject", "email_from", "reply_to", "auto_delete", "mail_server_id"]
            )
            for record in records.with_env(template.env).browse(ids):
                values, body = values_by_id[record.id], bodies[record.id]
                if layout:
                    body = template._render_encapsulate(layout, Markup(body), context_record=record)
                email_to, sender, author = envelope(record)
                email_from = values.get("email_from") or sender
                values_list.append(
                    {
                        **values,
                        "body_html": body,
                        "email_to": email_to,
                        "email_from": email_from,
                        "reply_to": values.get("reply_to") or email_from,
                        "author_id": author.id,
                        "model": record._name,
                        "res_id": record.id,
                        "record_name": False,
                    }
                )
        return values_list

    def _portal_access_render_bodies(self, res_ids):
        """Render `body_html` for many records, compiling it once.

        Odoo's own rendering compiles the template again for each record, which costs three times as
        much for a long list.

        :param list res_ids: ids of records of the template's model
        :return dict: the body by record id
        :raise UserError: if it can't be rendered, as Odoo's does
        """
        self.ensure_one()
        variables = self._render_eval_context()
        element = html.fragment_fromstring(self.body_html or "", create_parent="div")
        bodies, compiled = {}, None
        try:
            for record in self.env[self.model].browse(res_ids):
                values = {**variables, "object": record}
                qweb = self.env["ir.qweb"]._prepare_environment(values)
                compiled = compiled or qweb._compile(element)
                functions, name = compiled
                # Without the <div> that wraps what may be several nodes.
                bodies[record.id] = "".join(functions[name](qweb, values))[5:-6]
        except OperationalError:
            raise
        except Exception as error:
            raise UserError(
                _("The mail template %(name)s can't be rendered: %(error)s", name=self.name, error=error)
            ) from error
        return self._render_template_postprocess(bodies)
