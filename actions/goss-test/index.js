'use strict';
require('../launcher/launcher.js').launch('goss-test');
