// Roles, in words; each may what those before it may.
import { may } from "../core/session.js";

const ROLES = [
	["viewer", "Viewer: sees everything, changes nothing"],
	["member", "Member: adds projects, asks questions"],
	["operator", "Operator: also jobs, queues and schedules"],
	["admin", "Admin: also people, keys, secrets and models"],
	["owner", "Owner: may also remove the tenant"],
];

// Nobody hands on more than they have.
export const role_choices = () => ROLES.filter(([role]) => may(role));
