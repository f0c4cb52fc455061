# An AMI of Debian 13: Debian's own, brought up to date, with more packages. Needs Packer's plugin for AWS.

packer {
  required_version = ">= 1.9.0"

  required_plugins {
    amazon = {
      version = ">= 1.8.0, < 2.0.0"
      source  = "github.com/hashicorp/amazon"
    }
  }
}

variable "hallmark_run_tags" {
  type        = map(string)
  description = "Tags by which what a cancelled bake leaves is found. packer-build gives them."
  default     = {}
}

variable "image_name" {
  type        = string
  description = "Name of the image; the time is added, because a name can be taken once only."
  default     = "aws-debian"
}

variable "architecture" {
  type        = string
  description = "amd64 or arm64."
  default     = "amd64"

  validation {
    condition     = contains(["amd64", "arm64"], var.architecture)
    error_message = "The architecture is amd64 or arm64."
  }
}

variable "region" {
  type        = string
  description = "Region in which the image is made."
  default     = "eu-central-1"
}

variable "source_owner" {
  type        = string
  description = "Account that owns the image below this one: Debian's."
  default     = "136693071363"
}

variable "packages" {
  type        = list(string)
  description = "Packages to install."
  default     = ["unattended-upgrades"]
}

locals {
  instance_type = var.architecture == "arm64" ? "t4g.small" : "t3.small"
  ec2_name      = var.architecture == "arm64" ? "arm64" : "x86_64"
}

source "amazon-ebs" "debian" {
  region        = var.region
  instance_type = local.instance_type
  ami_name      = "${var.image_name}-${formatdate("YYYYMMDDhhmmss", timestamp())}"
  imds_support  = "v2.0"
  ssh_username  = "admin"

  source_ami_filter {
    owners      = [var.source_owner]
    most_recent = true
    filters = {
      name                = "debian-13-${var.architecture}-*"
      architecture        = local.ec2_name
      root-device-type    = "ebs"
      virtualization-type = "hvm"
    }
  }

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
  }

  run_tags        = var.hallmark_run_tags
  run_volume_tags = var.hallmark_run_tags
  tags            = var.hallmark_run_tags
  snapshot_tags   = var.hallmark_run_tags
}

build {
  sources = ["source.amazon-ebs.debian"]

  provisioner "shell" {
    environment_vars = ["DEBIAN_FRONTEND=noninteractive"]
    execute_command  = "sudo sh -eu -c '{{ .Vars }} . {{ .Path }}'"
    inline = [
      "cloud-init status --wait >/dev/null || true",
      "apt-get update",
      "apt-get -y dist-upgrade",
      "apt-get -y install ${join(" ", var.packages)}",
    ]
  }

  # What each machine makes for itself is not in the image.
  provisioner "shell" {
    execute_command = "sudo sh -eu -c '. {{ .Path }}'"
    inline = [
      "apt-get clean",
      "rm -rf /var/lib/apt/lists/* /var/log/journal/* /etc/ssh/ssh_host_*",
      "cloud-init clean --logs --machine-id",
      "rm -f /home/admin/.ssh/authorized_keys /root/.ssh/authorized_keys",
    ]
  }
}
