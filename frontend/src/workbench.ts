// What every page of the workbench gets: htmx, and what plain HTML cannot do by itself.

import "./requests";
import { copying } from "./copying";
import { dialogs } from "./dialogs";
import { fields } from "./fields";
import { menus } from "./menus";
import { tabs } from "./tabs";
import { times } from "./times";
import { toasts } from "./toasts";

copying();
dialogs();
fields();
menus();
tabs();
times();
toasts();
