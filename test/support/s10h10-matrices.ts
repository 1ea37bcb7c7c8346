/** S10H10's reachability as pingall prints it, from the tutorial and by hand. */

/** As the tutorial prints it; h9 is alone on s9. */
export const BASELINE = `h1 -> h2 h3 X h5 h6 h7 X X h10
h2 -> h1 h3 X h5 h6 h7 X X h10
h3 -> h1 h2 X h5 h6 h7 X X h10
h4 -> X X X X X X h8 X X
h5 -> h1 h2 h3 X h6 h7 X X h10
h6 -> h1 h2 h3 X h5 h7 X X h10
h7 -> h1 h2 h3 X h5 h6 X X h10
h8 -> X X X h4 X X X X X
h9 -> X X X X X X X X X
h10 -> h1 h2 h3 X h5 h6 h7 X X
*** Results: 51% dropped (44/90 received)`;

/** `connect h2 h5 h6`, `forwarding: reactive`. */
export const CONNECTED = `h1 -> X h3 X X X h7 X X h10
h2 -> X X X h5 h6 X X X X
h3 -> h1 X X X X h7 X X h10
h4 -> X X X X X X h8 X X
h5 -> X h2 X X h6 X X X X
h6 -> X h2 X X h5 X X X X
h7 -> h1 X h3 X X X X X h10
h8 -> X X X h4 X X X X X
h9 -> X X X X X X X X X
h10 -> h1 X h3 X X X h7 X X
*** Results: 77% dropped (20/90 received)`;

/** `connect h2 h5 h6`, `forwarding: none`. */
export const ISOLATED = `h1 -> X X X X X X X X X
h2 -> X X X h5 h6 X X X X
h3 -> X X X X X X X X X
h4 -> X X X X X X X X X
h5 -> X h2 X X h6 X X X X
h6 -> X h2 X X h5 X X X X
h7 -> X X X X X X X X X
h8 -> X X X X X X X X X
h9 -> X X X X X X X X X
h10 -> X X X X X X X X X
*** Results: 93% dropped (6/90 received)`;

/** The tutorial's flow-mod-1 to 6 as written, before Floodlight loses links by them. */
export const AT_ONCE_WITH_SIX_FLOW_MODS = `h1 -> X h3 X X X X X X X
h2 -> X X X h5 h6 X X X h10
h3 -> h1 X X X X X X X X
h4 -> X X X X X X h8 X X
h5 -> X h2 X X h6 X X X h10
h6 -> X h2 X X h5 X X X h10
h7 -> X X X X X X X X X
h8 -> X X X h4 X X X X X
h9 -> X X X X X X X X X
h10 -> X h2 X X h5 h6 X X X
*** Results: 82% dropped (16/90 received)`;
