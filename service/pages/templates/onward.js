"use strict";
// Presses the one button of the page.
document.querySelector("form[data-onward]").submit();
