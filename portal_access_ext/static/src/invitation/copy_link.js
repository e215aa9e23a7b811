/** @odoo-module **/

import { Component, useRef } from "@odoo/owl";
import { useDialogOrder } from "@portal_access_ext/dialog_order/dialog_order";
import { Dialog } from "@web/core/dialog/dialog";
import { deserializeDateTime, formatDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { CopyButton } from "@web/views/fields/copy_clipboard/copy_button";

/** The link of an invitation, to be copied. It is kept nowhere: the server records each time that it is shown. */
export class CopyLinkDialog extends Component {
    static template = "portal_access_ext.CopyLinkDialog";
    static components = { CopyButton, Dialog };
    static props = { link: String, login: String, validUntil: String, close: Function };

    setup() {
        useDialogOrder(useRef("link"));
        this.title = _t("Link of the Invitation");
        this.copyText = _t("Copy");
        this.successText = _t("Copied");
        this.linkLabel = _t("Link");
        this.help = _t(
            "Whoever has this link can choose the password of %(login)s. It works once, until %(date)s. That you saw it is recorded.",
            { login: this.props.login, date: formatDateTime(deserializeDateTime(this.props.validUntil)) },
        );
    }

    selectAll(ev) {
        ev.target.select();
    }
}

registry.category("actions").add("portal_access_copy_link", (env, action) => {
    const { link, login, valid_until } = action.params;
    env.services.dialog.add(CopyLinkDialog, { link, login, validUntil: valid_until });
    return action.params.next;
});
