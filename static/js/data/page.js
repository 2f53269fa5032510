import { start } from "./copy.js";

start(document);
