/** @odoo-module **/

import { Component, onMounted, useRef, useState } from "@odoo/owl";
import { useDialogOrder } from "@portal_access_ext/dialog_order/dialog_order";
import { browser } from "@web/core/browser/browser";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { sprintf } from "@web/core/utils/strings";

const PRINTING = "o_portal_printing_codes";

/** The ten codes, which are known nowhere else and shown this once: to copy, print or download. */
export class RecoveryCodesDialog extends Component {
    static template = "portal_access_ext.RecoveryCodesDialog";
    static components = { Dialog };
    static props = { codes: { type: Array, element: String }, close: Function };

    setup() {
        this.title = _t("Your recovery codes");
        this.listLabel = _t("Recovery codes");
        this.list = useRef("list");
        this.state = useState({ said: "" });
        useDialogOrder(this.list);
        onMounted(() => {
            // On a phone, the first button of a dialog closes it: a second Enter must not lose the codes.
            this.list.el.closest("[role=dialog]").querySelector(".modal-footer button").focus();
        });
    }

    /** The codes as people read them: four groups of four. */
    get codes() {
        return this.props.codes.map((code) => code.match(/.{1,4}/g).join(" "));
    }

    get heading() {
        return sprintf(_t("Recovery codes for %s"), browser.location.host);
    }

    get text() {
        return [this.heading, "", ...this.codes, "", _t("Each code works once.")].join("\n");
    }

    async copy() {
        try {
            await browser.navigator.clipboard.writeText(this.codes.join("\n"));
            this.state.said = _t("The codes are copied.");
        } catch {
            // Without https browsers don't let pages copy: what is selected can be copied by hand.
            document.getSelection().selectAllChildren(this.list.el);
            this.state.said = _t("Your browser does not let us copy. The codes are selected: copy them yourself.");
        }
    }

    /** Print the codes alone, without the page behind them. */
    print() {
        const sheet = document.createElement("pre");
        sheet.className = "o_portal_recovery_sheet";
        sheet.textContent = this.text;
        document.body.append(sheet);
        document.body.classList.add(PRINTING);
        browser.addEventListener(
            "afterprint",
            () => {
                sheet.remove();
                document.body.classList.remove(PRINTING);
            },
            { once: true },
        );
        window.print();
    }

    download() {
        const address = URL.createObjectURL(new Blob([this.text + "\n"], { type: "text/plain" }));
        const link = document.createElement("a");
        link.href = address;
        link.download = "recovery-codes.txt";
        link.click();
        browser.setTimeout(() => URL.revokeObjectURL(address), 1000);
        this.state.said = _t("The codes are downloaded.");
    }
}

/**
 * Show the codes that an answer of the server brings along.
 *
 * @param {Object} dialog the service
 * @param {any} action what the server answered
 * @returns {Promise<any>} the same answer, when the codes are closed
 */
export async function showRecoveryCodes(dialog, action) {
    const codes = action && action.params && action.params.portal_recovery_codes;
    if (codes) {
        await new Promise((resolve) => {
            dialog.add(RecoveryCodesDialog, { codes }, { onClose: resolve });
        });
    }
    return action;
}
