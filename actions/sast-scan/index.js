'use strict';
require('../launcher/launcher.js').launch('sast-scan');
