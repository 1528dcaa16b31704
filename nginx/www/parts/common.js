// What nearly every screen is made of.  Each file of screens imports this, so that it comes in one piece, compressed
// as a whole, instead of one piece for each combination of screens that share it.
import "../core/api.js";
import "../core/format.js";
import "../core/html.js";
import "../core/live.js";
import "../core/resource.js";
import "../core/router.js";
import "../core/session.js";
import "./bits.js";
import "./dialog.js";
import "./icon.js";
import "./menu.js";
import "./states.js";
import "./toast.js";
