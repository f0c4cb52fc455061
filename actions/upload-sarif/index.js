'use strict';
require('../launcher/launcher.js').launch('upload-sarif');
