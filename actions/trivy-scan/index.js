'use strict';
require('../launcher/launcher.js').launch('trivy-scan');
