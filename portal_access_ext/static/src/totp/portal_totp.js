/** @odoo-module **/

import { markup } from "@odoo/owl";
import { InputConfirmationDialog } from "@portal/js/components/input_confirmation_dialog/input_confirmation_dialog";
import { handleCheckIdentity } from "@portal/js/portal_security";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import publicWidget from "@web/legacy/js/public/public_widget";
import { session } from "@web/session";
import "@auth_totp_portal/js/totp_frontend";
import { showRecoveryCodes } from "./recovery_codes";

/** Give the picture and the field of Odoo's dialog names, and the keyboard of a phone digits. */
function withNames(body) {
    const page = new DOMParser().parseFromString(body, "text/html");
    for (const picture of page.querySelectorAll("img[src^='data:']")) {
        picture.alt = _t("QR code");
    }
    for (const input of page.querySelectorAll("input[name=code]")) {
        input.id = "code"; // what Odoo's label is for
        input.inputMode = "numeric";
        input.autocomplete = "one-time-code";
    }
    return markup(page.body.innerHTML);
}

publicWidget.registry.TOTPButton.include({
    init() {
        this._super(...arguments);
        const { orm, dialog } = this;
        this.orm = Object.assign(Object.create(orm), {
            async call(model, method, ...others) {
                let action;
                try {
                    action = await orm.call(model, method, ...others);
                } catch (error) {
                    if (method === "enable" && error.data) {
                        // Where Odoo looks for the words; else it says "undefined".
                        error.message = { data: error.data };
                    }
                    throw error;
                }
                // Odoo reloads the page after the answer: it has to wait until the codes are closed.
                return showRecoveryCodes(dialog, action);
            },
        });
    },

    /** Let the last button of the flow say what it does. */
    call(service, method, component, props, ...others) {
        if (service === "dialog" && method === "add" && component === InputConfirmationDialog) {
            const title = _t("Two-factor authentication");
            const confirmLabel = _t("Enable two-factor authentication");
            props = { ...props, title, confirmLabel, body: withNames(props.body) };
        }
        return this._super(service, method, component, props, ...others);
    },
});

// Odoo forgets these where one trusted device is removed.
publicWidget.registry.RevokeTrustedDeviceButton.include({
    init() {
        this._super(...arguments);
        this.orm = this.bindService("orm");
        this.dialog = this.bindService("dialog");
    },
});

publicWidget.registry.PortalMakeRecoveryCodes = publicWidget.Widget.extend({
    selector: ".o_portal_make_recovery_codes",
    events: { click: "_onClick" },

    init() {
        this._super(...arguments);
        this.orm = this.bindService("orm");
        this.dialog = this.bindService("dialog");
    },

    async _onClick() {
        const action = await handleCheckIdentity(
            this.orm.call("res.users", "action_portal_make_recovery_codes", [session.user_id]),
            this.orm,
            this.dialog,
        );
        await showRecoveryCodes(this.dialog, action);
        // As Odoo does: reloading would post a form again.
        browser.location = browser.location.href;
    },
});
