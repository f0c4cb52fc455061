'use strict';
require('../launcher/launcher.js').launch('secrets-scan');
