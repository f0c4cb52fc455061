'use strict';
require('../launcher/launcher.js').launch('register-ami');
