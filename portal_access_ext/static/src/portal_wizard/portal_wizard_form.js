/** @odoo-module **/

import { onMounted, onWillUnmount, toRaw, useSubEnv } from "@odoo/owl";
import { useDialogOrder } from "@portal_access_ext/dialog_order/dialog_order";
import { hasTouch } from "@web/core/browser/feature_detection";
import { _t } from "@web/core/l10n/translation";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { formView } from "@web/views/form/form_view";

const SHOWS_RESULT = ["action_apply", "action_grant_all_ready"];
// The rest, of other modules, may carry a context or arguments: they work as Odoo does it.
const RUNS_IN_PLACE = [
    ...SHOWS_RESULT,
    "action_tick_all_ready",
    "action_untick_all",
    "action_grant_access",
    "action_revoke_access",
    "action_invite_again",
];

/** Odoo loses a date that was typed in a list when Enter or Tab leave its row before it is "changed". */
function keepTypedDate(ev) {
    if (["Enter", "Tab"].includes(ev.key) && ev.target.closest(".o_field_date")) {
        ev.target.dispatchEvent(new Event("change"));
    }
}

/** Odoo's list would edit the row, where Enter presses every other button. */
function letEnterPress(ev) {
    if (ev.key === "Enter" && ev.target.closest(".o_data_row button")) {
        ev.stopPropagation();
    }
}

/**
 * The form in the dialog "Portal Access Management".
 *
 * It asks before it is closed with changes that were not applied, and shows what a button did in
 * place: stock opens the whole dialog again, and loses the page of the list and the focus.
 */
export class PortalAccessWizardController extends formView.Controller {
    setup() {
        super.setup();
        this.rpc = useService("rpc");
        this.action = useService("action");
        this.notification = useService("notification");
        const { onClickViewButton } = this.env;
        useSubEnv({
            onClickViewButton: async (params) => {
                this.focused = document.activeElement;
                this.target = params.getResParams();
                const clickParams = await this.addConfirmation(params.clickParams);
                return onClickViewButton({ ...params, clickParams });
            },
        });
        useDialogOrder(this.rootRef);
        onMounted(() => {
            for (const listener of [keepTypedDate, letEnterPress]) {
                this.rootRef.el.addEventListener("keydown", listener, { capture: true });
            }
        });
        if (this.env.dialogData) {
            // The cross and Escape end in `close`. It is raw, because the dialog would render (and
            // set up this form) again each time that it changes.
            const dialogData = toRaw(this.env.dialogData);
            const { close } = dialogData;
            onMounted(() => {
                // Odoo focuses the first field of new records only, and the keyboard would start
                // behind the dialog. On a phone it would cover half of it.
                if (!hasTouch()) {
                    this.rootRef.el.querySelector("textarea")?.focus();
                }
                dialogData.close = async () => (await this.canClose()) && close();
            });
            onWillUnmount(() => {
                dialogData.close = close;
            });
        }
    }

    get rows() {
        return this.model.root.data.user_ids;
    }

    // -------------------------------------------------------------------------
    // Closing
    // -------------------------------------------------------------------------

    /**
     * @returns {Promise<boolean>} whether nothing is lost, or the person does not mind
     */
    canClose() {
        // One question, however often it is asked: a second Escape while the first one waits, and
        // Odoo, which closes the dialog once more after a button did.
        this.closing ||= this.askToClose().then((canClose) => {
            if (!canClose) {
                this.closing = null;
            }
            return canClose;
        });
        return this.closing;
    }

    async askToClose() {
        // What was just typed or ticked may be under way to the server.
        await this.model.root.isDirty();
        const { has_pending: hasPending, pending_summary: summary } = this.model.root.data;
        if (!hasPending) {
            return true;
        }
        return new Promise((resolve) => {
            this.dialogService.add(
                ConfirmationDialog,
                {
                    title: _t("Close without applying?"),
                    body: _t("Not applied yet: %s.", summary),
                    // The first button has the focus: Enter must not be what loses the changes.
                    confirmLabel: _t("Go back"),
                    confirm: () => resolve(false),
                    cancelLabel: _t("Close without applying"),
                    cancel: () => resolve(true),
                    dismiss: () => resolve(false),
                },
                { onClose: () => resolve(false) },
            );
        });
    }

    /** @override */
    async beforeUnload(ev) {
        // Rows that are saved are not applied: stock's urgent save would lose them without a word.
        if (this.model.root.data.has_pending) {
            ev.preventDefault();
            ev.returnValue = "Unsaved changes";
        }
    }

    // -------------------------------------------------------------------------
    // Buttons
    // -------------------------------------------------------------------------

    /** "Grant to all ready" can't be undone and reaches rows out of sight: say how many first. */
    async addConfirmation(clickParams) {
        if (clickParams.name !== "action_grant_all_ready") {
            return clickParams;
        }
        await this.model.root.isDirty();
        const { ready_count: count } = this.model.root.data;
        if (!count) {
            return clickParams; // the server says so
        }
        return {
            ...clickParams,
            confirm: _t("Contacts who will get portal access and an invitation by email: %s.", count),
            "confirm-title": _t("Grant access to all who are ready?"),
            "confirm-label": _t("Grant access"),
        };
    }

    /** @override */
    async beforeExecuteActionButton(clickParams) {
        let isDone;
        if (clickParams.special) {
            // The button Close. Stock saves the dialog first, which nobody opens again.
            isDone = !(await this.canClose());
        } else if (clickParams.type === "object" && RUNS_IN_PLACE.includes(clickParams.name)) {
            await this.runInPlace(clickParams.name);
            isDone = true;
        } else {
            return super.beforeExecuteActionButton(clickParams);
        }
        if (isDone) {
            this.restoreFocus();
        }
        return !isDone;
    }

    /**
     * Save the dialog, call a method of it or of one of its rows, and show the result.
     *
     * @param {string} method
     */
    async runInPlace(method) {
        const { resModel, resId, context } = this.target;
        const { offset, limit } = this.rows;
        if (!(await this.model.root.save({ reload: false }))) {
            return;
        }
        let action;
        try {
            action = await this.rpc("/web/dataset/call_button", {
                model: resModel,
                method,
                args: [[resId]],
                kwargs: { context },
            });
        } finally {
            await this.model.root.load();
            const isRow = resModel !== this.props.resModel;
            // Results of many rows: those that need attention are on the first page.
            await this.rows.load({ limit, offset: isRow ? offset : 0 });
        }
        const isThisDialog = action?.res_model === this.props.resModel && action.res_id === this.model.root.resId;
        if (SHOWS_RESULT.includes(method)) {
            this.notification.add(this.model.root.data.result_summary, { type: "info" });
        }
        if (action && !isThisDialog) {
            await this.action.doAction(action, { onClose: () => this.model.root.load() });
        }
    }

    /** Give the focus, which a button loses when it is disabled, back to it or to its row. */
    restoreFocus() {
        const { focused, target } = this;
        // Buttons are enabled again, and rows drawn again, after this.
        requestAnimationFrame(() => {
            if (focused?.isConnected) {
                focused.focus();
                return;
            }
            const index = this.rows.records.findIndex((row) => row.resId === target.resId);
            const row = this.rootRef.el?.querySelectorAll(".o_data_row")[index];
            const selectors = ["button:not(:disabled)", "input:not(:disabled)"];
            selectors
                .map((selector) => row?.querySelector(selector))
                .find(Boolean)
                ?.focus();
        });
    }
}

registry.category("views").add("portal_access_wizard_form", {
    ...formView,
    Controller: PortalAccessWizardController,
});
