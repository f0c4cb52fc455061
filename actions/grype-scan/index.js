'use strict';
require('../launcher/launcher.js').launch('grype-scan');
