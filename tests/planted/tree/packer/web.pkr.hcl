source "amazon-ebs" "web" {
  ami_name        = "web"
  ami_groups      = ["all"]
  snapshot_groups = ["all"]
  encrypt_boot    = false
  ssh_password    = "planted"
  winrm_insecure  = true
}

source "qemu" "web" {
  iso_checksum = "none"
  ssh_password = var.password
}

source "amazon-ebs" "good" {
  ami_users      = ["123456789012"]
  encrypt_boot   = true
  ssh_password   = "${var.password}"
  winrm_insecure = false
}

build {
  sources = ["source.amazon-ebs.web"]

  provisioner "shell" {
    inline = [
      "curl -fsSLk https://example.org/tool -o /tmp/tool",
      "wget --no-check-certificate https://example.org/tool",
      "curl -fsSL https://example.org/setup.sh | sudo bash",
      "curl -fsSL https://example.org/keys -o /tmp/keys",
    ]
  }
}
