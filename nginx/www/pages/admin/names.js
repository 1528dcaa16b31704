// What people, keys and projects are called, by their numbers.
import { useResource } from "../../core/resource.js";

const LISTS = {
	user: ["/members", { status: "active" }, (m) => [m.user_id, m.name || m.email]],
	key: ["/api-keys", { status: "active" }, (k) => [k.id, k.name]],
	project: ["/projects", {}, (p) => [p.id, p.name]],
};

// kind: user, key or project; of anything else nothing is asked.
export function useNames(kind) {
	const [path = null, query, entry] = LISTS[kind] ?? [];
	const { data, loading } = useResource(path, { ...query, limit: 200 });
	return path && data && !loading ? data.items.map(entry) : [];
}
