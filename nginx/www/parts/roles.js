// Roles, in words; each may what those before it may.
import { html } from "../core/html.js";
import { may } from "../core/session.js";
import { Field } from "./form.js";

const ROLES = [
	["viewer", "Viewer: sees everything, changes nothing"],
	["member", "Member: adds projects and asks"],
	["operator", "Operator: also jobs, queues and schedules"],
	["admin", "Admin: also people, keys, secrets and models"],
	["owner", "Owner: may also remove the tenant"],
];

// Nobody hands on more than they have.
export const Role = ({ value }) => html`<${Field} label="Role" name="role" options=${ROLES.filter(([role]) => may(role))} value=${value} />`;

// Why nothing can be done to somebody, or something, of a higher role.
export const above = (row) => !may(row.role) && `Needs the role ${row.role}`;
