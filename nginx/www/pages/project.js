import { html } from "../core/html.js";
import { ProjectFrame } from "../parts/project_frame.js";

export default ({ params }) => html`<${ProjectFrame} id=${params.id} tab="">${(p) => html`<div class="card"><code>${p.head_commit}</code></div>`}</>`;
