// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"reflect"
	"unsafe"

	"google.golang.org/protobuf/proto"
	deviceplugin "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

// client is the kubelet's own connection to the plugin of a resource, which it shows to nobody.
func (k *kubelet) client(name string) (deviceplugin.DevicePluginClient, error) {
	info := reflect.ValueOf(k.devices).Elem().FieldByName("endpoints").MapIndex(reflect.ValueOf(name))
	if !info.IsValid() {
		return nil, fmt.Errorf("the kubelet has no plugin of %s", name)
	}
	client := info.FieldByName("e").Elem().Elem().FieldByName("api")
	return *(*deviceplugin.DevicePluginClient)(unsafe.Pointer(client.UnsafeAddr())), nil
}

// listBytes is the size of the message that the kubelet has a resource's list from, when all of it is healthy.
func (k *kubelet) listBytes(name string) int {
	list := &deviceplugin.ListAndWatchResponse{}
	for _, device := range k.devices.GetAllocatableDevices()[name] {
		list.Devices = append(list.Devices, device)
	}
	return proto.Size(list)
}
