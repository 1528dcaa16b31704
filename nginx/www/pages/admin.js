// What administrators do.  The parts are small and much alike: together they take half of what they would take apart.
import { html } from "../core/html.js";
import { tenant } from "../core/session.js";
import { Page } from "../parts/bits.js";
import { Sections } from "../parts/sections.js";
import { Allowed } from "../parts/states.js";
import Audit from "./admin/audit.js";
import Budgets from "./admin/budgets.js";
import Health from "./admin/health.js";
import Keys from "./admin/keys.js";
import Members from "./admin/members.js";
import Models from "./admin/models.js";
import Providers from "./admin/providers.js";
import Schedules from "./admin/schedules.js";
import Secrets from "./admin/secrets.js";
import Settings from "./admin/settings.js";
import Spending from "./admin/spending.js";
import Tenants from "./admin/tenants.js";
import Usage from "./admin/usage.js";

const GROUPS = [
	["People and access", [["members", "Members"], ["keys", "API keys"], ["secrets", "Secrets"], ["audit", "Audit log"]]],
	["Service", [["health", "Health"], ["usage", "Usage and limits"], ["schedules", "Schedules"], ["settings", "Settings"], ["tenants", "Tenants"]]],
	["Models", [["providers", "Providers"], ["models", "Models"], ["budgets", "Budgets"], ["spending", "Spending"]]],
];
const PARTS = {
	members: Members, keys: Keys, secrets: Secrets, audit: Audit,
	health: Health, usage: Usage, schedules: Schedules, settings: Settings, tenants: Tenants,
	providers: Providers, models: Models, budgets: Budgets, spending: Spending,
};

export default function Admin({ params, query }) {
	const at = params.section ?? "members";
	return html`<${Page} title="Admin" aside=${html`<span class="fine">Tenant ${tenant.value?.name}</span>`}>
		<${Allowed} least="admin">
			<${Sections} label="Admin" base="/admin" groups=${GROUPS} parts=${PARTS} at=${at} query=${query} />
		</>
	</>`;
}
